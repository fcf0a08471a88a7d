// SPDX-License-Identifier: MIT

import Grounding
import Imaging
import Inference
import TestSupport
import Testing

@Suite("Engine", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct EngineTests {
    static let tasks: [GroundingTask] = [
        .caption(detail: .brief, grounded: true), .caption(detail: .detailed, grounded: false),
        .detect(labels: ["red disc", "blue square", "</phrase><object>"]),
        .ground(sentence: "a red disc and a blue square", phrases: [0..<10, 15..<28]),
        .refer(expression: "the blue square"), .align(caption: "An image of a red disc, a cat"),
        .describe(box: NormalizedBox(xmin: 0.5, ymin: 0.1, xmax: 0.9, ymax: 0.7)),
        .ask(question: "What is red?", grounded: true), .ask(question: "What is red?", grounded: false),
        .generate(prompt: "<grounding><phrase> a red disc</phrase>"), .generate(prompt: "a"),
    ]

    static let decodings: [Decoding] = [
        .greedy, .beam(width: 3), .sample(temperature: 0.8, topP: 0.9, seed: 7),
    ]

    @Test("Every task gives a well-formed result", arguments: tasks, decodings)
    func answers(task: GroundingTask, decoding: Decoding) throws {
        let options = GenerationOptions(maxNewTokens: 48, decoding: decoding)
        let result = try NanoModel.engine().run(id: "a", task: task, options: options, image: NanoModel.picture())
        #expect(result.id == "a" && result.task == task.name)
        #expect(result.image.width == 96 && result.image.height == 64 && result.image.orientation == 1)
        #expect(result.image.sha256.count == 64)
        #expect(result.usage.promptTokens > 66 && result.usage.generatedTokens > 0)
        let scalars = Array(result.caption.unicodeScalars)
        for entity in result.entities {
            try #require(entity.span.upperBound <= scalars.count)
            // A box without a phrase is named by its tokens and stands nowhere in the caption.
            let text = String(String.UnicodeScalarView(scalars[entity.span]))
            let isNameless = entity.span.isEmpty && entity.phrase.hasPrefix("<patch_index_")
            #expect(isNameless || text == entity.phrase)
            #expect(!entity.boxes.isEmpty)
            #expect(Set(entity.boxes.map(\.patches)).count == entity.boxes.count)
            for box in entity.boxes { check(box) }
        }
    }

    private func check(_ box: GroundedBox) {
        #expect(LocationGrid.isValid(box.patches))
        #expect(box.pixels == box.normalized.pixels(width: 96, height: 64))
        #expect(0 <= box.pixels.xmin && box.pixels.xmin < box.pixels.xmax && box.pixels.xmax <= 96)
        #expect(0 <= box.pixels.ymin && box.pixels.ymin < box.pixels.ymax && box.pixels.ymax <= 64)
        if let score = box.score { #expect(score > 0 && score <= 1) }
    }

    @Test("A referring expression gets exactly one box, with a score")
    func oneBox() throws {
        let result = try NanoModel.engine().run(
            id: "a", task: .refer(expression: "the blue square"), image: NanoModel.picture())
        #expect(result.entities.map(\.boxes.count) == [1])
        #expect(result.entities.first?.boxes.first?.score != nil)
        #expect(result.finishReason == .stop)
    }

    @Test("The same call gives the same result, in the same engine and in another", arguments: tasks, decodings)
    func repeats(task: GroundingTask, decoding: Decoding) throws {
        let options = GenerationOptions(maxNewTokens: 32, decoding: decoding)
        let (engine, other) = (try NanoModel.engine(), try NanoModel.engine())
        let picture = try NanoModel.picture()
        let first = try engine.run(id: "a", task: task, options: options, image: picture)
        _ = try engine.run(id: "b", task: .refer(expression: "disc"), image: NanoModel.picture(shade: 90))
        let again = try engine.run(id: "a", task: task, options: options, image: picture)
        #expect(!first.usage.imageCacheHit && again.usage.imageCacheHit)
        #expect(again.lasting == first.lasting)
        let elsewhere = try other.run(id: "a", task: task, options: options, image: picture)
        #expect(elsewhere.lasting == first.lasting)
    }

    @Test("Another picture gives another answer")
    func seesThePicture() throws {
        let engine = try NanoModel.engine(EngineOptions(pictureCacheBytes: 0))
        let task = GroundingTask.detect(labels: ["red disc", "blue square", "circle", "box"])
        let blank = try PNGEncoder.encode(
            RGBImage(width: 96, height: 64, pixels: [UInt8](repeating: 0, count: 96 * 64 * 3)))
        let seen = try engine.run(id: "a", task: task, image: NanoModel.picture())
        let black = try engine.run(id: "a", task: task, image: blank)
        #expect(seen.image.sha256 != black.image.sha256 && !black.usage.imageCacheHit)
        #expect(seen.entities != black.entities)
    }

    @Test("A label's boxes do not depend on the other labels")
    func labelsAlone() throws {
        let labels = ["red disc", "dog", "cat", "blue square", "ball", "a", "sky", "man", "woman", "red", "blue"]
        let engine = try NanoModel.engine(EngineOptions(batchSize: 8))
        #expect(labels.count > 8)
        let picture = try NanoModel.picture()
        let together = try engine.run(id: "a", task: .detect(labels: labels), image: picture)
        for label in labels {
            let alone = try engine.run(id: "a", task: .detect(labels: [label]), image: picture)
            let found = together.entities.filter { $0.label == label }
            #expect(found.map { $0.boxes.map(\.patches) } == alone.entities.map { $0.boxes.map(\.patches) }, "\(label)")
            let scores = zip(found.flatMap(\.boxes), alone.entities.flatMap(\.boxes))
            #expect(scores.allSatisfy { abs($0.score! - $1.score!) < 1e-4 }, "\(label)")
        }
        #expect(!together.entities.isEmpty)
    }

    @Test("A threshold of 0 gives every label a box, a higher one never more than a lower one")
    func threshold() throws {
        let labels = ["red disc", "blue square", "heart", "penguin"]
        let engine = try NanoModel.engine()
        let picture = try NanoModel.picture()
        func boxes(_ threshold: Double?) throws -> [[PatchPair]] {
            let options = GenerationOptions(threshold: threshold)
            let result = try engine.run(id: "a", task: .detect(labels: labels), options: options, image: picture)
            let found = result.entities.flatMap(\.boxes).compactMap(\.score)
            #expect(found.allSatisfy { $0 >= threshold ?? GenerationOptions.detectThreshold })
            return labels.map { label in
                result.entities.first { $0.label == label }?.boxes.map(\.patches) ?? []
            }
        }
        let all = try boxes(0)
        #expect(all.allSatisfy { !$0.isEmpty })
        var last = all.map(\.count)
        for least in [0.001, 0.01, 0.1, 0.3, 0.6, 1] {
            let counts = try boxes(least).map(\.count)
            #expect(zip(counts, last).allSatisfy { $0 <= $1 }, "\(least): \(counts) after \(last)")
            last = counts
        }
        #expect(last.reduce(0, +) < all.map(\.count).reduce(0, +))
        #expect(try boxes(nil) == boxes(GenerationOptions.detectThreshold))
    }

    @Test("Refined boxes have the reference's patches and scores, and lie at most two cells beside them")
    func boxDecodings() throws {
        let engine = try NanoModel.engine()
        let picture = try NanoModel.picture()
        func boxes(_ decoding: BoxDecoding) throws -> [GroundedBox] {
            let options = GenerationOptions(threshold: 0, boxDecoding: decoding)
            let task = GroundingTask.ground(sentence: "a heart and a cat", phrases: [2..<7, 12..<17])
            return try engine.run(id: "a", task: task, options: options, image: picture).entities.flatMap(\.boxes)
        }
        let (reference, refined) = (try boxes(.reference), try boxes(.refined))
        #expect(!refined.isEmpty && refined.map(\.patches) == reference.map(\.patches))
        #expect(refined.map(\.score) == reference.map(\.score))
        #expect(reference.allSatisfy { $0.normalized == LocationGrid.box($0.patches) })
        #expect(refined.map(\.normalized) != reference.map(\.normalized))
        for (fine, plain) in zip(refined, reference) {
            let moves = zip(fine.normalized.array, plain.normalized.array).map { abs($0 - $1) * 32 }
            #expect(moves.allSatisfy { $0 <= Double(CornerBelief.radius) })
        }
    }
}
