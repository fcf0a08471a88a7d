// SPDX-License-Identifier: MIT

import Grounding
import Inference
import Kosmos2
import Testing

/// What an engine tells of a result before it is there.
@Suite("Events of an engine", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct EngineNewsTests {
    private func run(
        _ engine: Engine, _ task: GroundingTask, _ options: GenerationOptions
    ) throws -> (events: [GroundingEvent], result: GroundingResult) {
        var events: [GroundingEvent] = []
        let result = try engine.run(id: "a", task: task, options: options, image: NanoModel.picture()) {
            events.append($0)
        }
        return (events, result)
    }

    @Test(
        "All events together are the result, however it was decoded", arguments: EngineTests.tasks,
        EngineTests.decodings)
    func together(task: GroundingTask, decoding: Decoding) throws {
        let options = GenerationOptions(maxNewTokens: 48, decoding: decoding)
        let engine = try NanoModel.engine()
        let (events, result) = try run(engine, task, options)
        #expect(events.map(\.caption).joined() == result.caption)
        #expect(events.compactMap(\.entity) == result.entities)
        let plain = try engine.run(id: "a", task: task, options: options, image: NanoModel.picture())
        #expect(plain.lasting == result.lasting)
    }

    /// What is told of a task, slice by slice; ends with the slice in which it ends.
    private func news(_ engine: Engine, _ task: GroundingTask, _ options: GenerationOptions) throws -> [[Entity]] {
        let ticket = engine.submit(
            id: "a", task: task, options: options, image: try NanoModel.picture(), streams: true)
        var told: [[Entity]] = []
        while !engine.advance().contains(where: { $0.ticket == ticket }) {
            told += engine.news().map(\.entities)
        }
        return told
    }

    @Test("Entities come while the rest is still written, each as soon as it is there")
    func early() throws {
        let engine = try NanoModel.engine()
        let caption = try news(engine, .caption(detail: .detailed, grounded: true), GenerationOptions())
        #expect(caption.count > 1 && caption.first?.count == 1)
        let labels = (0..<40).map { "thing \($0)" } + ["red disc", "blue square"]
        let found = try news(engine, .detect(labels: ["red disc"] + labels), GenerationOptions())
        #expect(found.first?.first?.label == "red disc")
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.0 == Array($0.1.prefix($0.0.count)) })
    }

    @Test("Nobody who did not ask is told")
    func unasked() throws {
        let engine = try NanoModel.engine()
        let ticket = engine.submit(
            id: "a", task: .caption(detail: .brief, grounded: true), image: try NanoModel.picture())
        while !engine.advance().contains(where: { $0.ticket == ticket }) { #expect(engine.news().isEmpty) }
    }

    @Test("A task that is cancelled while it writes computes not one token more")
    func cancelled() throws {
        let engine = try NanoModel.engine()
        let flag = CancellationFlag()
        let ticket = engine.submit(
            id: "a", task: .caption(detail: .detailed, grounded: true), image: try NanoModel.picture(), streams: true,
            cancellation: flag)
        while engine.news().isEmpty { #expect(engine.advance().isEmpty) }
        let before = engine.model.progress.value
        flag.cancel()
        let ended = engine.advance()
        #expect(ended.map(\.ticket) == [ticket])
        #expect(throws: TaskError(.cancelled, "the call was cancelled")) { try ended[0].outcome.get() }
        #expect(engine.model.progress.value == before && engine.isIdle)
    }
}
