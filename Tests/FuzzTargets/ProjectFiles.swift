// SPDX-License-Identifier: MIT
import Foundation

/// Files of the project that inputs are made of.
enum ProjectFiles {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func path(_ path: String) -> String { root.appending(path: path).path }

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: root.appending(path: path)))
    }

    /// The frames of every recorded message, which way it goes and where it stands.
    static func recordedMessages() throws -> [(way: String, frames: [[UInt8]], name: String)] {
        let folder = root.appending(path: "protocol/examples")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".jsonl") }
        return try files.sorted().flatMap { file in
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            return try text.split(separator: "\n").enumerated().map { number, line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
                let frames = (object["frames"] as? [Any] ?? []).map(frame)
                return (object["way"] as? String ?? "", frames, "\(file.dropLast(6))-\(number)")
            }
        }
    }

    private static func frame(_ value: Any) -> [UInt8] {
        if let text = value as? String { return Array(text.utf8) }
        let wrapped = (value as? [String: String])?["base64"] ?? ""
        return Data(base64Encoded: wrapped).map(Array.init) ?? []
    }
}
