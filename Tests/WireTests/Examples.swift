// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// One line of a recorded conversation in `protocol/examples`.
struct RecordedMessage: CustomTestStringConvertible {
    let way: String
    let frames: [[UInt8]]
    let note: String
    /// The fault that a reader finds in it.
    let refused: String?
    /// The task whose body it holds, which a worker refuses.
    let task: String?

    var testDescription: String { "\(way) \(note)" }
}

/// The recorded conversations, found beside this file.
enum Examples {
    static let protocolFolder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "protocol")

    static let conversations = [
        "broker-restart", "detect-json", "detect-protobuf", "detect-stream-json", "health-watch-json",
        "health-watch-protobuf",
        "invalid-arguments", "refusals", "worker-session-json", "worker-session-protobuf",
    ]

    static func read(_ name: String) throws -> [RecordedMessage] {
        let url = protocolFolder.appending(path: "examples/\(name).jsonl")
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
            try message(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:])
        }
    }

    static func all() throws -> [RecordedMessage] { try conversations.flatMap(read) }

    private struct BadFrame: Error {}

    private static func message(_ object: [String: Any]) throws -> RecordedMessage {
        let frames = try (object["frames"] as? [Any] ?? []).map { frame -> [UInt8] in
            if let text = frame as? String { return Array(text.utf8) }
            guard let wrapped = frame as? [String: String], let data = Data(base64Encoded: wrapped["base64"] ?? "")
            else { throw BadFrame() }
            return Array(data)
        }
        return RecordedMessage(
            way: object["way"] as? String ?? "", frames: frames, note: object["note"] as? String ?? "",
            refused: object["refused"] as? String, task: object["task"] as? String)
    }
}
