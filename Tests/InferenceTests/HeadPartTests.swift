// SPDX-License-Identifier: MIT

import Grounding
import Inference
import Kosmos2
import Tensors
import TestSupport
import Testing
import Tokenization

/// The head is a tenth of a small step: inside a box only its end is evaluated.
@Suite("The part of the head", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct HeadPartTests {
    final class Empty: SequenceCache {
        func copy(from other: Empty) {}
    }

    /// Gives logits that make each sequence write one box and then text; keeps which parts were asked for.
    final class Script: SequenceModel {
        let specials: SpecialTokens
        private(set) var parts: [HeadPart] = []

        init(_ specials: SpecialTokens) { self.specials = specials }

        func makeCache(capacity: Int?) -> Empty { Empty() }

        func step(tokens: [Int], caches: [Empty], _ part: HeadPart) -> Logits {
            parts.append(part)
            let (count, first) = (specials.patchIndices.upperBound, part == .tags ? specials.mask : 0)
            let rows = tokens.map { logits(after: $0, count: count) }
            return Logits(Tensor([tokens.count, count - first], rows.flatMap { $0[first...] }), firstToken: first)
        }

        func logits(after token: Int, count: Int) -> [Float] {
            var row = [Float](repeating: 0, count: count)
            // The last location is the lower right of any other, and closes the box.
            let last = specials.patchIndices.upperBound - 1
            row[token == specials.object ? last - 40 : token < last ? last : specials.endObject] = 9
            if token == specials.endObject { row[7] = 20 }
            return row
        }
    }

    private let specials: SpecialTokens
    private let model: Script

    init() throws {
        specials = try NanoModel.tokenizer().specials
        model = Script(specials)
    }

    private func begun(_ mode: ObjectGrammar.Mode, _ first: Int, all: Bool = false) throws -> TokenContinuation<Empty> {
        var plan = GenerationPlan(
            maxNewTokens: 6, grammar: ObjectGrammar(mode, specials: specials), tags: specials,
            endOfText: specials.eos)
        plan.comparesWithAll = all
        let continuation = TokenContinuation(prompt: [], cache: Empty(), plan: plan)
        var logits = [Float](repeating: 0, count: specials.patchIndices.upperBound)
        logits[first] = 9
        try continuation.take(LogitRows(logits))
        return continuation
    }

    @Test("A box alone is written from the end of the head")
    func box() throws {
        let box = try begun(.boxes, specials.object)
        while !box.isDone { #expect(model.step([box]) == [nil]) }
        #expect(box.generation.ids.count == 4 && box.generation.ids.last == specials.endObject)
        #expect(model.parts == [.tags, .tags, .tags])
        #expect(box.generation.steps.map { $0.probability != nil } == [true, false, false, false])
        #expect(box.generation.steps.allSatisfy { $0.allowedProbability != nil })
    }

    @Test("Text behind a box, text beside it, and who compares with all tokens take the whole head")
    func whole() throws {
        let (text, box) = (try begun(.text, specials.object), try begun(.boxes, specials.object, all: true))
        while !text.isDone { #expect(model.step([text]) == [nil]) }
        #expect(model.parts == [.tags, .tags, .tags, .all, .all])
        while !box.isDone { #expect(model.step([box]) == [nil]) }
        #expect(model.parts.suffix(3) == [.all, .all, .all])
        #expect(box.generation.steps.allSatisfy { $0.probability != nil })
        let (first, second) = (try begun(.boxes, specials.object), try begun(.text, 7))
        #expect(model.step([first, second]) == [nil, nil])
        #expect(model.parts.last == .all)
    }

    @Test("The company does not show in what is written")
    func company() throws {
        let (alone, beside, text) = (
            try begun(.boxes, specials.object), try begun(.boxes, specials.object), try begun(.text, 7)
        )
        while !alone.isDone { _ = model.step([alone]) }
        while !beside.isDone { _ = model.step([beside, text]) }
        #expect(alone.generation == beside.generation)
        #expect(model.parts.prefix(3) == [.tags, .tags, .tags] && model.parts.dropFirst(3).allSatisfy { $0 == .all })
    }
}
