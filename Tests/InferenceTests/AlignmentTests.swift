// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Inference
import Testing

@Suite("Aligning captions", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct AlignmentTests {
    private func scene(_ number: Int) throws -> [UInt8] {
        let path = NanoModel.folder + "/samples/scene-\(number).jpg"
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private func align(
        _ caption: String, scene number: Int = 4, _ options: GenerationOptions = GenerationOptions()
    ) throws -> GroundingResult {
        try NanoModel.engine().run(
            id: "a", task: .align(caption: caption), options: options, image: scene(number))
    }

    @Test("The caption comes back as it was, its nouns found where they are")
    func finds() throws {
        let caption = "  An image of a penguin, a cat\tand a heart. "
        let result = try align(caption)
        #expect(result.caption == caption && result.finishReason == .stop && result.warnings.isEmpty)
        #expect(result.entities.map(\.phrase) == ["a penguin", "a cat", "a heart"])
        let scalars = Array(caption.unicodeScalars)
        for entity in result.entities {
            #expect(String(String.UnicodeScalarView(scalars[entity.span])) == entity.phrase)
        }
        // As samples.json has them.
        let truth = [[314.0, 304, 430, 430], [162, 164, 370, 326]].map { $0.map { $0 / 448 } }
        for (entity, edges) in zip(result.entities, truth) {
            let there = NormalizedBox(xmin: edges[0], ymin: edges[1], xmax: edges[2], ymax: edges[3])
            let box = try #require(entity.boxes.first)
            #expect(box.normalized.overlap(with: there) > 0.7, "\(entity.phrase)")
            #expect(box.score.map { (0.3...1).contains($0) } == true)
        }
    }

    @Test("A caption whose words nothing explains keeps them all and has no phrases that are not its own")
    func anything() throws {
        for caption in ["...", "zzz \u{732B}\u{1F600} qq", "<phrase>a cat</phrase><object>"] {
            let result = try align(caption)
            #expect(result.caption == caption)
            #expect(
                result.entities.allSatisfy { !$0.span.isEmpty && $0.span.upperBound <= caption.unicodeScalars.count })
        }
    }

    @Test("A threshold leaves out what scores less")
    func threshold() throws {
        let all = try align("An image of a penguin, a cat and a heart.").entities.flatMap(\.boxes)
        let least = try #require(all.compactMap(\.score).max())
        let best = try align(
            "An image of a penguin, a cat and a heart.", GenerationOptions(threshold: least)
        ).entities.flatMap(\.boxes)
        #expect(all.count > 1 && best.count == 1 && best.first?.score == least)
    }

    @Test("A budget below the caption's own tokens is refused, the caption alone fits")
    func budget() throws {
        let caption = "An image of a penguin"
        let least = CaptionTokens(caption, try NanoModel.tokenizer()).ids.count
        let bare = try align(caption, GenerationOptions(maxNewTokens: least))
        #expect(bare.caption == caption && bare.entities.isEmpty && bare.usage.generatedTokens == least)
        let error = #expect(throws: TaskError.self) {
            try align(caption, GenerationOptions(maxNewTokens: least - 1))
        }
        #expect(error?.violations.map(\.field) == ["max_new_tokens"])
    }

    @Test("A caption that exceeds the context, and one without a single token, are refused")
    func refusals() throws {
        for caption in [String(repeating: "cat dog ", count: 500), "\u{200B}\u{200B}"] {
            let error = #expect(throws: TaskError.self, "\(caption.prefix(9))") { try align(caption) }
            #expect(error?.violations.map(\.field) == ["caption"])
        }
    }

    @Test("Other choices of decoding do not apply, and that is said")
    func greedy() throws {
        let plain = try align("An image of a cat")
        let options = GenerationOptions(decoding: .beam(width: 2), noRepeatNgram: 2)
        let other = try align("An image of a cat", options)
        #expect(other.entities == plain.entities && other.warnings.count == 1)
    }
}
