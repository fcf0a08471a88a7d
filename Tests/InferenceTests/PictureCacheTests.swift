// SPDX-License-Identifier: MIT

import Grounding
import Inference
import Kosmos2
import Testing

/// What is kept of pictures, and that it is used: the model's own counter of layers tells what was computed.
@Suite("Pictures that are known", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct PictureCacheTests {
    private static let task = GroundingTask.generate(prompt: "a")
    private static let options = GenerationOptions(maxNewTokens: 1)

    private func layers(_ engine: Engine, _ body: () throws -> Void) rethrows -> Int {
        let before = engine.model.progress.value
        try body()
        return Int(engine.model.progress.value - before)
    }

    private func run(_ engine: Engine, shade: UInt8) throws -> GroundingResult {
        try engine.run(id: "a", task: Self.task, options: Self.options, image: NanoModel.picture(shade: shade))
    }

    @Test("A known picture costs neither the vision tower nor the prefix again, for free text too")
    func hit() throws {
        let engine = try NanoModel.engine()
        let (vision, text) = (engine.model.configuration.vision.layers, engine.model.configuration.text.layers)
        var results: [GroundingResult] = []
        let first = try layers(engine) { results.append(try run(engine, shade: 200)) }
        let again = try layers(engine) { results.append(try run(engine, shade: 200)) }
        #expect(first == vision + 2 * text && again == text)
        #expect(results.map(\.usage.imageCacheHit) == [false, true])
        #expect(results.map(\.usage.cachedPromptTokens) == [0, engine.model.configuration.latents + 3])
        #expect(results[0].lasting == results[1].lasting)
    }

    @Test("A picture that is asked for twice at the same time is computed once")
    func inFlight() throws {
        let engine = try NanoModel.engine()
        let (vision, text) = (engine.model.configuration.vision.layers, engine.model.configuration.text.layers)
        var ended: [EndedJob] = []
        let spent = try layers(engine) {
            for id in ["a", "b", "c"] {
                _ = engine.submit(id: id, task: Self.task, options: Self.options, image: try NanoModel.picture())
            }
            while !engine.isIdle { ended += engine.advance() }
        }
        #expect(spent == vision + 2 * text, "three jobs share every layer")
        let results = try ended.map { try $0.outcome.get() }
        #expect(results.map(\.usage.imageCacheHit).filter(\.self).count == 2)
    }

    @Test("Pictures that come together go through the vision tower together, a bounded number at a time")
    func together() throws {
        let engine = try NanoModel.engine()
        let (vision, text) = (engine.model.configuration.vision.layers, engine.model.configuration.text.layers)
        let pictures = AdmissionPolicy.pictures + 1
        let spent = try layers(engine) {
            for index in 0..<pictures {
                let image = try NanoModel.picture(shade: UInt8(10 * index))
                _ = engine.submit(id: "\(index)", task: Self.task, options: Self.options, image: image)
            }
            while !engine.isIdle { _ = engine.advance() }
        }
        let alone = pictures * (vision + 2 * text)
        #expect(spent >= 2 * vision && spent < alone, "\(spent) layers, \(alone) one by one")
    }

    @Test("The budget of bytes holds: the picture that was not used for longest is computed anew")
    func budget() throws {
        let model = try NanoModel.engine().model
        let tokens = model.configuration.latents + 3
        let each =
            tokens * model.cacheBytesPerToken + model.configuration.latents * model.configuration.text.width * 4
        let engine = try NanoModel.engine(EngineOptions(pictureCacheBytes: 2 * each))
        for shade: UInt8 in [1, 2, 1, 3] { _ = try run(engine, shade: shade) }
        #expect(try run(engine, shade: 1).usage.imageCacheHit)
        #expect(try run(engine, shade: 3).usage.imageCacheHit)
        #expect(try !run(engine, shade: 2).usage.imageCacheHit)
        let small = try NanoModel.engine(EngineOptions(pictureCacheBytes: each - 1))
        _ = try run(small, shade: 1)
        #expect(try !run(small, shade: 1).usage.imageCacheHit)
    }

    @Test("A picture that nobody waits for any more is not computed to its end")
    func abandoned() throws {
        let engine = try NanoModel.engine()
        let flag = CancellationFlag()
        _ = engine.submit(
            id: "a", task: Self.task, options: Self.options, image: try NanoModel.picture(), cancellation: flag)
        #expect(engine.advance().isEmpty)
        flag.cancel()
        let spent = layers(engine) { while !engine.isIdle { _ = engine.advance() } }
        #expect(spent == 0)
        #expect(try !run(engine, shade: 200).usage.imageCacheHit)
    }

    @Test("The key tells pictures, preprocessing and models apart, however their parts join")
    func keys() {
        func key(_ bytes: [UInt8], _ text: String, _ revision: String, _ precision: String) -> PictureKey {
            PictureKey(
                bytes, preprocessing: text, model: ModelIdentity(name: "n", revision: revision, precision: precision))
        }
        let keys = [
            key([1], "ab", "c", "q8"), key([1], "a", "bc", "q8"), key([1], "ab", "c", "q4"), key([2], "ab", "c", "q8"),
            key([1, 97], "b", "c", "q8"), key([1], "ab", "cq", "8"),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(key([1], "ab", "c", "q8") == keys[0])
    }
}
