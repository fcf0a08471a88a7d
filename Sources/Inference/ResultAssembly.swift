// SPDX-License-Identifier: MIT

package import Grounding

/// Turns generated tokens and texts into the entities of a result: pure values, no model.
package struct ResultAssembly: Sendable {
    package let width: Int
    package let height: Int

    /// The size of the oriented picture in pixels.
    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// What a task's answer says, before usage and timing.
    package struct Answer: Sendable, Equatable {
        package var caption: String
        package var entities: [Entity]
        package var warnings: [String] = []

        /// Without a box of no phrase at the caption's end: how many blanks are before it shows when more is written.
        package var upToLooseEnd: Answer {
            let end = caption.unicodeScalars.count
            let settled = entities.prefix { !$0.span.isEmpty || $0.span.lowerBound < end }
            return Answer(caption: caption, entities: Array(settled), warnings: warnings)
        }

        /// For whoever asked for words alone: a model may write boxes unasked.
        package var withoutEntities: Answer { Answer(caption: caption, entities: [], warnings: warnings) }
    }

    /// The labels that were found, joined by ", "; one entity for each, its boxes best first.
    package func detection(labels: [String], boxes: [[ScoredBox]]) -> Answer {
        detection(zip(labels, boxes.map(instances)))
    }

    /// - Parameter found: labels and what is left of their boxes, best first.
    package func detection(_ found: some Sequence<(String, [GroundedBox])>) -> Answer {
        var caption = ""
        var entities: [Entity] = []
        for (label, boxes) in found where !boxes.isEmpty {
            if !caption.isEmpty { caption += ", " }
            let start = caption.unicodeScalars.count
            caption += label
            entities.append(
                Entity(
                    phrase: label, span: start..<caption.unicodeScalars.count, label: label, source: .model,
                    boxes: boxes))
        }
        return Answer(caption: caption, entities: entities)
    }

    /// The caller's own sentence; one entity for each phrase that was found.
    package func grounding(sentence: String, phrases: [Range<Int>], boxes: [[ScoredBox]]) -> Answer {
        let scalars = Array(sentence.unicodeScalars)
        let entities = zip(phrases, boxes).compactMap { span, boxes in
            boxes.isEmpty
                ? nil
                : Entity(phrase: text(scalars[span]), span: span, source: .model, boxes: distinct(boxes))
        }
        return Answer(caption: sentence, entities: entities)
    }

    /// The entities of parsed text. The first `given` of them were written by the caller.
    /// - Parameter scores: of the boxes that the model generated, by order; used where their patches agree.
    package func parsed(_ text: GroundedText, given: Int, scores: [ScoredBox]) -> Answer {
        var rest = scores[...]
        let entities = text.entities.enumerated().map { index, entity in
            let isGiven = index < given
            let boxes = entity.boxes.map { box in
                let known = isGiven ? nil : Self.take(&rest, box.patches)
                return known.map(grounded) ?? grounded(box.patches)
            }
            return Entity(
                phrase: entity.name, span: entity.span, source: isGiven ? .request : .model, boxes: boxes)
        }
        return Answer(caption: text.caption, entities: entities, warnings: text.warnings)
    }

    private static func take(_ scores: inout ArraySlice<ScoredBox>, _ patches: PatchPair) -> ScoredBox? {
        guard let index = scores.firstIndex(where: { $0.patches == patches }) else { return nil }
        defer { scores = scores[(index + 1)...] }
        return scores[index]
    }

    /// Best first; a box that overlaps a better one as much as the same instance would is left out.
    private func instances(_ boxes: [ScoredBox]) -> [GroundedBox] {
        // Stable: of equal scores the earlier one stays ahead.
        let order = boxes.enumerated().sorted { ($0.element.score, $1.offset) > ($1.element.score, $0.offset) }
        var kept: [ScoredBox] = []
        for (_, box) in order
        where kept.allSatisfy({ $0.normalized.overlap(with: box.normalized) < InstanceSearch.duplicate }) {
            kept.append(box)
        }
        return kept.map(grounded)
    }

    /// Greedy decoding can name one box again and again: of equals the first stays.
    private func distinct(_ boxes: [ScoredBox]) -> [GroundedBox] {
        var seen: Set<PatchPair> = []
        return boxes.filter { seen.insert($0.patches).inserted }.map(grounded)
    }

    private func grounded(_ box: ScoredBox) -> GroundedBox {
        grounded(box.patches, at: box.normalized, score: box.score)
    }

    /// A box that is known by its tokens alone.
    private func grounded(_ patches: PatchPair) -> GroundedBox {
        grounded(patches, at: LocationGrid.box(patches), score: nil)
    }

    private func grounded(_ patches: PatchPair, at box: NormalizedBox, score: Double?) -> GroundedBox {
        GroundedBox(
            pixels: box.pixels(width: width, height: height), normalized: box, score: score, patches: patches)
    }

    private func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
