// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Kosmos2
import Testing

@Suite("What a folder says of generation", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct GenerationDefaultsTests {
    /// A folder whose two files name these sizes; an absent one has no `generation_config.json`.
    private func folder(text: String?, generation: String?) throws -> ChangedModel {
        let changed = try ChangedModel(configuration: { configuration in
            text.map {
                configuration.replacing(
                    "\"text_config\": {", with: "\"text_config\": {\"no_repeat_ngram_size\": \($0),")
            } ?? configuration
        })
        let file = changed.folder + "/generation_config.json"
        try FileManager.default.removeItem(atPath: file)
        try generation?.write(toFile: file, atomically: true, encoding: .utf8)
        return changed
    }

    static let folders: [(text: String?, generation: String?, expected: Int)] = [
        (nil, nil, 0), (nil, "{}", 0), ("3", nil, 3), ("3", "{}", 3), (nil, #"{"no_repeat_ngram_size": 4}"#, 4),
        ("3", #"{"no_repeat_ngram_size": 0}"#, 0), ("0", #"{"no_repeat_ngram_size": 2}"#, 2), ("null", "{}", 0),
        ("1024", nil, 1024),
    ]

    @Test("generation_config.json before config.json, and 0 where neither says", arguments: folders)
    func order(text: String?, generation: String?, expected: Int) throws {
        let model = try folder(text: text, generation: generation).load()
        #expect(model.generationDefaults.noRepeatNgram == expected)
    }

    @Test(
        "What is no size is refused by its name",
        arguments: [
            ("-1", "{}"), ("1025", "{}"), ("\"three\"", "{}"), ("3", "[]"), ("3", #"{"no_repeat_ngram_size": 0.5}"#),
        ])
    func damaged(text: String, generation: String) throws {
        let changed = try folder(text: text, generation: generation)
        let error = #expect(throws: CheckpointError.self) { _ = try changed.load() }
        #expect(error?.code == .configuration)
    }
}
