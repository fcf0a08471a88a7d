// SPDX-License-Identifier: MIT

import Foundation
package import Grounding
package import Tokenization

/// A box that was generated, and how sure the model was of it.
package struct ScoredBox: Sendable, Equatable {
    package var patches: PatchPair
    /// In (0, 1].
    package var score: Double
}

/// The boxes of a generation, read from the tokens themselves.
///
/// The score of a box is
///
///     score = P(<object>) · P(delimiter)... · sqrt(P(upper left) · P(lower right))
///
/// `P(<object>)` is the probability, among all tokens, that a box follows the phrase. A second box is multiplied by
/// the probability of the delimiter before it, against `</object>`; a third by both delimiters'. The location
/// tokens' probabilities are those among the locations that the grammar allows. All come from raw logits, before
/// temperature and any rule against repetition.
package enum BoxScore {
    /// Every complete and valid box, in order.
    package static func boxes(_ generation: Generation, specials: SpecialTokens) -> [ScoredBox] {
        precondition(generation.steps.count == generation.ids.count, "box score: ids without probabilities")
        let ids = generation.ids
        var result: [ScoredBox] = []
        var presence = 1.0
        for index in ids.indices {
            if ids[index] == specials.object {
                presence = generation.steps[index].probability
            } else if ids[index] == specials.delimiter {
                presence *= generation.steps[index].allowedProbability
            } else {
                continue
            }
            guard index + 2 < ids.count else { break }
            let pair = PatchPair(
                upperLeft: ids[index + 1] - specials.patchIndexBase,
                lowerRight: ids[index + 2] - specials.patchIndexBase)
            guard LocationGrid.isValid(pair) else { continue }
            let location =
                generation.steps[index + 1].allowedProbability * generation.steps[index + 2].allowedProbability
            result.append(ScoredBox(patches: pair, score: bounded(presence * location.squareRoot())))
        }
        return result
    }

    /// A product of probabilities can round to 0, which would read as impossible.
    private static func bounded(_ score: Double) -> Double {
        min(max(score, .leastNormalMagnitude), 1)
    }
}
