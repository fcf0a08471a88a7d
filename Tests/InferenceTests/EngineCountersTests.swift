// SPDX-License-Identifier: MIT

import Grounding
import Inference
import Testing

/// What an engine counts, against its own answers.
@Suite("What an engine counts", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct EngineCountersTests {
    @Test("Tokens, pictures and steps of jobs side by side add up to what the results say")
    func agrees() throws {
        let engine = try NanoModel.engine()
        #expect(engine.counters == EngineCounters())
        for (id, shade) in [("a", 200), ("b", 200), ("c", 90)] {
            _ = engine.submit(
                id: id, task: .caption(detail: .brief, grounded: true),
                image: try NanoModel.picture(shade: UInt8(shade)))
        }
        var ended: [EndedJob] = []
        while !engine.isIdle { ended += engine.advance() }
        let results = try ended.map { try $0.outcome.get() }
        let counters = engine.counters
        #expect(counters.promptTokens == results.reduce(0) { $0 + $1.usage.promptTokens })
        #expect(counters.generatedTokens == results.reduce(0) { $0 + $1.usage.generatedTokens })
        #expect(counters.pictureHits == 1 && counters.pictureMisses == 2)
        #expect(counters.stepsBySequences.count == 3 && counters.stepsBySequences[2] > 0, "three shared steps")
        // The first token of each comes from its prompt; each further one is a sequence's share of a step.
        #expect(counters.decodedTokens >= counters.generatedTokens - results.count)
        #expect(counters.steps < counters.decodedTokens)
    }

    @Test("A job tells when it was in which stage, and one whose picture is known had fewer")
    func stages() throws {
        let engine = try NanoModel.engine()
        var runs: [[StageRun]] = []
        for _ in 0..<2 {
            _ = engine.submit(id: "a", task: .generate(prompt: "a"), image: try NanoModel.picture())
            while !engine.isIdle { runs += engine.advance().map(\.stages) }
        }
        #expect(runs[0].map(\.stage) == StageRun.Stage.allCases)
        #expect(runs[1].map(\.stage) == [.prefill, .generate, .parse])
        #expect(runs[0].allSatisfy { $0.start <= $0.end })
        #expect(zip(runs[0], runs[0].dropFirst()).allSatisfy { $0.start <= $1.start })
    }

    @Test("Text that is no grounding is counted, and answered all the same")
    func malformed() throws {
        let engine = try NanoModel.engine()
        let before = engine.counters.malformedSequences
        let result = try engine.run(
            id: "a",
            task: .generate(
                prompt: "<grounding><phrase>a cat</phrase><object><patch_index_0900><patch_index_0001></object>"),
            options: GenerationOptions(maxNewTokens: 1), image: NanoModel.picture())
        #expect(engine.counters.malformedSequences - before == (result.warnings.isEmpty ? 0 : 1))
        #expect(!result.warnings.isEmpty)
    }
}
