// SPDX-License-Identifier: MIT

package import Grounding
package import Tokenization

/// What the model believed of one box while it wrote it: the ingredients of the box's score and of its finer corners.
///
/// All probabilities come from raw logits, before temperature and any rule against repetition.
package struct BoxBelief: Sendable, Equatable {
    /// Of `<object>`, among all tokens.
    package var object: Double
    /// Of the delimiters before the box, each against `</object>`, multiplied; 1 for the first box.
    package var delimiter: Double
    package var upperLeft: CornerBelief
    package var lowerRight: CornerBelief

    package init(object: Double, delimiter: Double = 1, upperLeft: CornerBelief, lowerRight: CornerBelief) {
        self.object = object
        self.delimiter = delimiter
        self.upperLeft = upperLeft
        self.lowerRight = lowerRight
    }

    package var patches: PatchPair { PatchPair(upperLeft: upperLeft.cell, lowerRight: lowerRight.cell) }

    /// The box with each corner moved from its cell to where the corner is expected within the window around it.
    package var refined: NormalizedBox {
        LocationGrid.box(patches, upperLeft: upperLeft.offset, lowerRight: lowerRight.offset)
    }

    /// Every complete and valid box of a generation, in order, read from the tokens themselves.
    package static func all(_ generation: Generation, specials: SpecialTokens) -> [BoxBelief] {
        precondition(generation.steps.count == generation.ids.count, "box belief: ids without probabilities")
        let ids = generation.ids
        var result: [BoxBelief] = []
        var (object, delimiter) = (1.0, 1.0)
        for index in ids.indices {
            if ids[index] == specials.object {
                (object, delimiter) = (generation.steps[index].probability ?? 1, 1)
            } else if ids[index] == specials.delimiter {
                delimiter *= generation.steps[index].allowedProbability ?? 1
            } else {
                continue
            }
            guard index + 2 < ids.count else { break }
            func corner(_ place: Int) -> CornerBelief {
                let step = generation.steps[place]
                return CornerBelief(
                    cell: ids[place] - specials.patchIndexBase, probability: step.probability, window: step.window)
            }
            let belief = BoxBelief(
                object: object, delimiter: delimiter, upperLeft: corner(index + 1), lowerRight: corner(index + 2))
            if LocationGrid.isValid(belief.patches) { result.append(belief) }
        }
        return result
    }
}
