// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Inference
import Testing

/// Who decides that no run of tokens occurs twice: the caller, else the model's folder.
@Suite("Repeated runs", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
final class RepeatedRunTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "model-" + UUID().uuidString).path

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The small model with a folder of its own, whose `generation_config.json` names a size.
    private func engine(size: Int) throws -> Engine {
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in try manager.contentsOfDirectory(atPath: NanoModel.folder) where name != "generation_config.json" {
            try manager.createSymbolicLink(
                atPath: folder + "/" + name, withDestinationPath: NanoModel.folder + "/" + name)
        }
        let text = #"{"no_repeat_ngram_size": \#(size)}"#
        try text.write(toFile: folder + "/generation_config.json", atomically: true, encoding: .utf8)
        return try Engine(modelFolder: folder)
    }

    /// A text that says some things twice unless it may not.
    private func text(_ engine: Engine, _ size: Int?, _ decoding: Decoding = .greedy) throws -> String {
        let options = GenerationOptions(maxNewTokens: 60, decoding: decoding, noRepeatNgram: size)
        let task = GroundingTask.caption(detail: .detailed, grounded: true)
        return try engine.run(id: "a", task: task, options: options, image: NanoModel.picture()).text
    }

    @Test(
        "The folder's size holds unless the request has one; 0 is one", arguments: [Decoding.greedy, .beam(width: 2)])
    func sources(decoding: Decoding) throws {
        let (plain, strict) = (try NanoModel.engine(), try engine(size: 2))
        let (free, bound) = (try text(plain, 0, decoding), try text(plain, 2, decoding))
        #expect(free != bound, "the text repeats a run of two")
        #expect(try text(plain, nil, decoding) == free)
        #expect(try text(strict, nil, decoding) == bound)
        #expect(try text(strict, 0, decoding) == free)
        #expect(try text(strict, 3, decoding) == text(plain, 3, decoding))
    }

    @Test("Boxes that a grammar writes are not bound by it, and only a caller's own wish is answered with a warning")
    func grammar() throws {
        let (plain, strict) = (try NanoModel.engine(), try engine(size: 1))
        let task = GroundingTask.detect(labels: ["heart", "cat", "boat"])
        func answer(_ engine: Engine, _ size: Int?) throws -> GroundingResult {
            let options = GenerationOptions(noRepeatNgram: size, threshold: 0)
            return try engine.run(id: "a", task: task, options: options, image: NanoModel.picture())
        }
        let (free, bound) = (try answer(plain, nil), try answer(strict, nil))
        #expect(bound.entities == free.entities && bound.warnings.isEmpty)
        #expect(try answer(strict, 1).warnings.count == 1)
        #expect(try answer(strict, 0).warnings.isEmpty)
    }
}
