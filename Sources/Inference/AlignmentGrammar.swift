// SPDX-License-Identifier: MIT

import Grounding
package import Tokenization

/// Copies a caption token by token and lets the model choose its phrases: next comes the caption's own next token, or a
/// tag that opens or closes a phrase or a box.
///
/// A phrase begins where a word begins and ends where a word ends, so it is never empty and always closed before the
/// caption ends; phrases do not nest. Behind `</phrase>` may follow one `<object>` with its boxes, as `ObjectGrammar` has
/// them. No tag is offered that would leave too few tokens for the rest of the caption.
package struct AlignmentGrammar: Sendable {
    private let caption: CaptionTokens
    private let phrases: Int
    private let specials: SpecialTokens
    private let starts: Set<Int>
    private let ends: Set<Int>
    private let boxes: ObjectGrammar

    /// A tag before, a tag behind, and the end of the text, which closes a caption whose last phrase has no box.
    private static let phraseTokens = 3

    /// - Parameter phrases: the most that may be opened.
    package init(_ caption: CaptionTokens, phrases: Int = TaskLimits.phrases, specials: SpecialTokens) {
        precondition(!caption.ids.isEmpty, "alignment: a caption without tokens")
        self.caption = caption
        self.phrases = phrases
        self.specials = specials
        starts = Set(caption.words.map(\.tokens.lowerBound))
        ends = Set(caption.words.map(\.tokens.upperBound))
        boxes = ObjectGrammar(.text, specials: specials)
    }

    /// The caption without any phrase.
    package var leastTokens: Int { caption.ids.count }

    /// Enough for every phrase that may be chosen to have three boxes.
    package var mostTokens: Int {
        let boxes = 3 * (ObjectGrammar.boxTokens - 1) + 1
        return caption.ids.count + min(phrases, caption.words.count) * (2 + boxes) + 1
    }

    /// Which tokens may come next.
    /// - Parameters:
    ///   - generated: the new tokens so far.
    ///   - remaining: how many more may follow.
    package func allowed(after generated: [Int], remaining: Int) -> ObjectGrammar.Allowed {
        let copied = copied(generated)
        let rest = caption.ids.count - copied
        let inBox = boxes.allowed(after: generated, remaining: remaining - rest)
        guard inBox == .any else { return inBox }
        if isOpen(generated) { return .only(closing(copied, generated.last) + copy(copied, insidePhrase: true)) }
        var tokens = copy(copied, insidePhrase: false)
        let opened = generated.count { $0 == specials.phrase }
        if starts.contains(copied), opened < phrases, remaining >= rest + Self.phraseTokens {
            tokens.append(specials.phrase)
        }
        if generated.last == specials.endPhrase {
            if remaining >= rest + ObjectGrammar.boxTokens { tokens.append(specials.object) }
            if rest == 0 { tokens.append(specials.eos) }
        }
        return .only(tokens)
    }

    /// Whether the tokens of a box are being written: what comes next is a location, or ends the box or begins another.
    package func isInBox(after generated: [Int]) -> Bool {
        boxes.allowed(after: generated, remaining: 0) != .any
    }

    /// Whether the whole caption stands there, its last phrase closed and decided on.
    package func isComplete(_ generated: [Int]) -> Bool {
        guard copied(generated) == caption.ids.count, let last = generated.last else { return false }
        return last == specials.endObject || last == specials.eos || last < specials.mask && !isOpen(generated)
    }

    /// The phrases that were chosen, in order: where each lies in the caption, and the tokens behind its `</phrase>`.
    package func chosen(in generation: Generation) -> [(span: Range<Int>, boxes: Generation)] {
        precondition(generation.steps.count == generation.ids.count, "alignment: ids without probabilities")
        var found: [(span: Range<Int>, boxes: Generation)] = []
        var (copied, begin) = (0, 0)
        for (id, step) in zip(generation.ids, generation.steps) {
            if isWord(id) {
                copied += 1
            } else if id == specials.phrase {
                begin = copied
            } else if id == specials.endPhrase {
                if let span = span(begin..<copied) { found.append((span, Generation())) }
            } else if !found.isEmpty {
                found[found.count - 1].boxes.ids.append(id)
                found[found.count - 1].boxes.steps.append(step)
            }
        }
        return found
    }

    private func span(_ tokens: Range<Int>) -> Range<Int>? {
        guard let first = caption.words.first(where: { $0.tokens.lowerBound == tokens.lowerBound }),
            let last = caption.words.first(where: { $0.tokens.upperBound == tokens.upperBound })
        else { return nil }
        return first.span.lowerBound..<last.span.upperBound
    }

    /// How many of the caption's tokens stand there already.
    package func copied(_ generated: [Int]) -> Int { generated.count(where: isWord) }

    private func isWord(_ token: Int) -> Bool { token < specials.mask && token != specials.eos }

    private func isOpen(_ generated: [Int]) -> Bool {
        generated.last { $0 == specials.phrase || $0 == specials.endPhrase } == specials.phrase
    }

    private func closing(_ copied: Int, _ last: Int?) -> [Int] {
        last != specials.phrase && ends.contains(copied) ? [specials.endPhrase] : []
    }

    /// The caption's next token. An open phrase may not grow past the last word, behind which it could not be closed.
    private func copy(_ copied: Int, insidePhrase: Bool) -> [Int] {
        guard copied < caption.ids.count else { return [] }
        return !insidePhrase || ends.contains { $0 > copied } ? [caption.ids[copied]] : []
    }
}
