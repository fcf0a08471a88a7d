// SPDX-License-Identifier: MIT

public import Checkpoints
import Foundation
import Tensors

// The properties are spelled as in the recordings.
// swift-format-ignore: AlwaysUseLowerCamelCase
/// One recorded run of the reference: its tensors, if the file holds any, and its document.
public struct Recording {
    public struct Greedy: Decodable, Sendable {
        public var new_ids: [Int]
        public var top2_gap: [Double]
    }

    public struct Beam: Decodable, Sendable {
        public var sequences: [[Int]]
        public var scores: [Double]
    }

    public struct Document: Decodable, Sendable {
        public var texts: [String]
        public var input_ids: [[Int]]
        public var attention_mask: [[Int]]
        public var image_embeds_position_mask: [[Int]]
        public var max_new_tokens: Int
        public var greedy: [String: [Greedy]]
        public var rows_alone: [String: [[Int]]]?
        public var beam: [String: [Beam]]?
        public var beams: Int?
        public var images: [String]
    }

    /// A line of `runs/index.json`.
    public struct Entry: Decodable, Sendable {
        public var checkpoint: String
        public var `case`: String
        public var file: String
        public var level: String
    }

    public let document: Document
    /// The tensors, if this is a .safetensors file.
    public let tensors: SafetensorsFile?

    public init(_ entry: Entry) throws {
        try self.init(path: Goldens.path("runs/\(entry.file)"))
    }

    public init(path: String) throws {
        if path.hasSuffix(".json") {
            document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            tensors = nil
        } else {
            let file = try SafetensorsFile(path: path)
            document = try JSONDecoder().decode(Document.self, from: Data((file.metadata["golden"] ?? "").utf8))
            tensors = file
        }
    }

    /// All recorded runs; none where the recordings are absent.
    public static let all: [Entry] = {
        guard Goldens.available, let data = try? Goldens.data("runs/index.json") else { return [] }
        return (try? JSONDecoder().decode([Entry].self, from: data)) ?? []
    }()

    /// A recorded float32 tensor.
    public func floats(_ name: String) -> [Float]? {
        tensors?.tensor(name)?.bytes.withMemoryRebound(to: Float.self) { Array($0) }
    }

    /// The tokens of one row without its padding.
    public func prompt(row: Int) -> [Int] {
        zip(document.input_ids[row], document.attention_mask[row]).filter { $0.1 == 1 }.map(\.0)
    }

    /// The recorded picture of one row, as bytes `[S, S, 3]`.
    public func pixelBytes(row: Int) -> [UInt8]? {
        guard let stored = tensors?.tensor("pixel_u8") else { return nil }
        let size = stored.shape.extents.dropFirst().reduce(1, *)
        return Array(stored.bytes[row * size..<(row + 1) * size])
    }
}
