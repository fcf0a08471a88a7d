// SPDX-License-Identifier: MIT

import Grounding
import Imaging
import Inference
import Kosmos2
import TestSupport
import Testing
import Tokenization

@Suite("What the engine refuses", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct EngineRefusalTests {
    private func failure(
        _ task: GroundingTask, _ options: GenerationOptions = GenerationOptions(), image: [UInt8]? = nil,
        limits: ImageLimits = ImageLimits(), _ flag: CancellationFlag = CancellationFlag()
    ) throws -> TaskError {
        let engine = try NanoModel.engine(EngineOptions(imageLimits: limits))
        let picture = try image ?? NanoModel.picture()
        let before = engine.model.progress.value
        let error = try #require(throws: TaskError.self) {
            _ = try engine.run(id: "a", task: task, options: options, image: picture, cancellation: flag)
        }
        #expect(engine.model.progress.value == before, "the model ran")
        return error
    }

    @Test("A call that was cancelled before it began")
    func cancelled() throws {
        let flag = CancellationFlag()
        flag.cancel()
        #expect(try failure(.refer(expression: "a disc"), flag).code == .cancelled)
    }

    @Test("A deadline that has passed")
    func late() throws {
        let flag = CancellationFlag(deadline: .now - .seconds(1))
        #expect(try failure(.refer(expression: "a disc"), flag).code == .deadlineExceeded)
    }

    @Test("A deadline far away changes nothing")
    func inTime() throws {
        let flag = CancellationFlag(deadline: .now + .seconds(3600))
        let engine = try NanoModel.engine()
        let result = try engine.run(
            id: "a", task: .refer(expression: "a disc"), image: NanoModel.picture(), cancellation: flag)
        #expect(result.entities.count == 1)
    }

    @Test("A prompt that leaves no room in the context, with the lengths")
    func tooLong() throws {
        let context = try NanoModel.engine().limits.contextTokens
        let prompt = String(repeating: "a ", count: context)
        let length = try 67 + NanoModel.tokenizer().encode(prompt).count
        let error = try failure(.generate(prompt: prompt), GenerationOptions(maxNewTokens: 5))
        #expect(error.code == .invalidArgument)
        #expect(error.violations.map(\.field) == ["max_new_tokens"])
        for number in [length, 5, context] { #expect(error.message.contains("\(number)"), "\(error.message)") }
        #expect(try failure(.generate(prompt: prompt)).violations.map(\.field) == ["prompt"])
    }

    @Test("As many new tokens as the context has room for are taken, one more is not")
    func contextLimit() throws {
        let engine = try NanoModel.engine()
        let prompt = try 67 + NanoModel.tokenizer().encode("a").count
        let room = engine.limits.contextTokens - prompt
        #expect(throws: Never.self) {
            try engine.run(
                id: "a", task: .generate(prompt: "a"), options: GenerationOptions(maxNewTokens: room),
                image: NanoModel.picture())
        }
        let error = try failure(.generate(prompt: "a"), GenerationOptions(maxNewTokens: room + 1))
        #expect(error.violations.map(\.field) == ["max_new_tokens"])
    }

    @Test("Fewer new tokens than a box takes, where boxes are the answer")
    func noRoomForABox() throws {
        let error = try failure(.detect(labels: ["disc"]), GenerationOptions(maxNewTokens: 3))
        #expect(error.violations.map(\.field) == ["max_new_tokens"])
        let result = try NanoModel.engine().run(
            id: "a", task: .refer(expression: "disc"), options: GenerationOptions(maxNewTokens: 4),
            image: NanoModel.picture())
        #expect(result.entities.count == 1)
    }

    @Test("Requests that break a rule, by field")
    func fields() throws {
        #expect(try failure(.detect(labels: [])).violations.map(\.field) == ["labels"])
        #expect(try failure(.detect(labels: ["a", ""])).violations.map(\.field) == ["labels[1]"])
    }

    @Test("Bytes that are no picture, and a picture over the limits")
    func pictures() throws {
        let task = GroundingTask.caption(detail: .brief, grounded: true)
        for bytes: [UInt8] in [[], [1, 2, 3], Array(try NanoModel.picture().prefix(60))] {
            let error = try failure(task, image: bytes)
            #expect(error.code == .invalidArgument && error.violations.map(\.field) == ["image"])
        }
        let limits = ImageLimits(maxPixels: 96 * 64 - 1)
        #expect(try failure(task, limits: limits).violations.map(\.field) == ["image"])
    }
}

extension EngineRefusalTests {
    private func failure(_ task: GroundingTask, _ flag: CancellationFlag) throws -> TaskError {
        try failure(task, GenerationOptions(), flag)
    }
}
