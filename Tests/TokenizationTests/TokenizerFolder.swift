// SPDX-License-Identifier: MIT

import Foundation
import TestSupport

/// The folders with a tokenizer that this machine has: the embedded model's, and the published one's beside the
/// recordings.
enum TokenizerFolder {
    static let all = [Goldens.packageRoot + "/models/boxwood-nano", Goldens.path("../tokenizer")].filter {
        FileManager.default.fileExists(atPath: $0 + "/sentencepiece.bpe.model")
    }

    static var available: Bool { !all.isEmpty }

    /// A copy of the tokenizer's files in a folder of its own, which `change` may damage; gone when `body` returns.
    static func withCopy(
        _ folder: String, change: (URL) throws -> Void, body: (String) throws -> Void
    ) throws {
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("boxwood-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: copy) }
        for file in ["sentencepiece.bpe.model", "added_tokens.json", "tokenizer_config.json"] {
            try Data(contentsOf: URL(fileURLWithPath: folder + "/" + file)).write(to: copy.appendingPathComponent(file))
        }
        try change(copy)
        try body(copy.path)
    }
}
