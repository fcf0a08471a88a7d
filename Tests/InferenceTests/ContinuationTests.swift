// SPDX-License-Identifier: MIT

import Grounding
import Inference
import Kosmos2
import Tensors
import Testing

/// Continuations over a model made up: the logits after a token are a table, and a cache counts.
@Suite("Continuations")
struct ContinuationTests {
    final class Count: SequenceCache {
        var tokens: [Int] = []
        func copy(from other: Count) { tokens = other.tokens }
    }

    struct Table: SequenceModel {
        /// The logits after each token.
        let rows: [[Float]]
        func makeCache(capacity: Int?) -> Count { Count() }
        func step(tokens: [Int], caches: [Count], _ part: HeadPart) -> Logits {
            for (token, cache) in zip(tokens, caches) { cache.tokens.append(token) }
            return Logits(Tensor([tokens.count, rows[0].count], tokens.flatMap { rows[$0] }))
        }
    }

    private static let end = 0
    /// 1 leads to 2, 2 to the end, 3 to nothing that is a number.
    private let model = Table(rows: [[9, 0, 0, 0], [0, 0, 9, 0], [9, 0, 0, 0], [.nan, .nan, .nan, .nan]])
    private let plan = GenerationPlan(maxNewTokens: 5, endOfText: end)

    private func greedy(first: Int) throws -> TokenContinuation<Count> {
        let continuation = TokenContinuation(prompt: [], cache: Count(), plan: plan)
        var logits: [Float] = [0, 0, 0, 0]
        logits[first] = 5
        try continuation.take(LogitRows(logits))
        return continuation
    }

    @Test("What one of them throws does not touch the others")
    func errors() throws {
        let (good, bad) = (try greedy(first: 1), try greedy(first: 3))
        #expect(bad.wanted.map(\.token) == [3])
        var errors = model.step([good, bad, try greedy(first: 2)])
        #expect(errors.map { $0?.code } == [nil, .internal, nil])
        errors = model.step([good])
        #expect(errors == [nil] && good.isDone && good.wanted.isEmpty)
        #expect(good.generation.ids == [1, 2, Self.end] && good.generation.finish == .stop)
    }

    @Test("A beam search among others gets its own rows, and forks its caches")
    func beams() throws {
        let beam = BeamContinuation(prompt: [], cache: Count(), spare: [Count()], plan: plan)
        try beam.take(LogitRows([-9, 5, 4, -9]))
        #expect(beam.wanted.map(\.token) == [1, 2])
        let caches = beam.wanted.map(\.cache)
        #expect(caches[0] !== caches[1])
        let other = try greedy(first: 1)
        #expect(model.step([other, beam]) == [nil, nil])
        #expect(other.generation.ids == [1, 2])
        while !beam.isDone { #expect(model.step([beam]) == [nil]) }
        #expect(beam.generation.ids.last == Self.end && beam.finished.count == 2)
        let alone = try BeamSearch(model, width: 2, plan: plan).run(
            .init(prompt: [], cache: Count(), logits: [-9, 5, 4, -9]), capacity: 0)
        #expect(alone == beam.finished)
    }

    @Test("Logits that are no numbers end a beam search with an error")
    func notFinite() {
        let beam = BeamContinuation(prompt: [], cache: Count(), spare: [Count()], plan: plan)
        #expect { try beam.take(LogitRows([.nan, .nan])) } throws: { ($0 as? TaskError)?.code == .internal }
    }
}
