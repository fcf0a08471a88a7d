// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Tensors
import Testing

/// The layout of `microsoft/kosmos-2-patch14-224`: 885 float32 tensors sorted by name, the head tied to the
/// embeddings and named only in the metadata, the header padded to 111,296 bytes, 6,658,052,808 bytes in all.
enum PublishedLayout {
    static let fileSize = 6_658_052_808
    static let headerBytes = 111_296

    static let tensors: [(name: String, shape: [Int])] =
        (text + vision + projection).sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }

    private static func linear(_ name: String, _ rows: Int, _ columns: Int) -> [(name: String, shape: [Int])] {
        [(name + ".weight", [rows, columns]), (name + ".bias", [rows])]
    }

    private static func norm(_ name: String, _ width: Int) -> [(name: String, shape: [Int])] {
        [(name + ".weight", [width]), (name + ".bias", [width])]
    }

    private static func attention(_ name: String, _ width: Int) -> [(name: String, shape: [Int])] {
        ["k", "v", "q", "out"].flatMap { linear("\(name).\($0)_proj", width, width) }
    }

    private static let text: [(name: String, shape: [Int])] =
        [("text_model.model.embed_tokens.weight", [65037, 2048])] + norm("text_model.model.layer_norm", 2048)
        + (0..<24).flatMap { layer -> [(name: String, shape: [Int])] in
            let prefix = "text_model.model.layers.\(layer)."
            return attention(prefix + "self_attn", 2048) + norm(prefix + "self_attn.inner_attn_ln", 2048)
                + norm(prefix + "self_attn_layer_norm", 2048) + linear(prefix + "ffn.fc1", 8192, 2048)
                + linear(prefix + "ffn.fc2", 2048, 8192) + norm(prefix + "ffn.ffn_layernorm", 8192)
                + norm(prefix + "final_layer_norm", 2048)
        }

    private static let vision: [(name: String, shape: [Int])] =
        [
            ("vision_model.model.embeddings.class_embedding", [1024]),
            ("vision_model.model.embeddings.patch_embedding.weight", [1024, 3, 14, 14]),
            ("vision_model.model.embeddings.position_embedding.weight", [257, 1024]),
        ] + norm("vision_model.model.pre_layrnorm", 1024) + norm("vision_model.model.post_layernorm", 1024)
        + (0..<24).flatMap { layer -> [(name: String, shape: [Int])] in
            let prefix = "vision_model.model.encoder.layers.\(layer)."
            return attention(prefix + "self_attn", 1024) + norm(prefix + "layer_norm1", 1024)
                + norm(prefix + "layer_norm2", 1024) + linear(prefix + "mlp.fc1", 4096, 1024)
                + linear(prefix + "mlp.fc2", 1024, 4096)
        }

    private static let projection: [(name: String, shape: [Int])] =
        [("image_to_text_projection.latent_query", [64, 2048])]
        + linear("image_to_text_projection.dense", 2048, 1024)
        + attention("image_to_text_projection.x_attn", 2048)

    static var header: [UInt8] {
        var offset = 0
        var parts = [
            #""__metadata__":{"format":"pt","text_model.lm_head.weight":"text_model.model.embed_tokens.weight"}"#
        ]
        for (name, shape) in tensors {
            let end = offset + shape.reduce(4, *)
            let extents = shape.map(String.init).joined(separator: ",")
            parts.append(entry(name, shape: "[\(extents)]", at: offset, to: end))
            offset = end
        }
        let json = Array("{\(parts.joined(separator: ","))}".utf8)
        return json + [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8)
    }

    /// Writes the file without its data: the blocks after the header are a hole. False where that would take disk.
    static func writeSparse(to path: String) throws -> Bool {
        try Data(safetensors(header: header)).write(to: URL(fileURLWithPath: path))
        guard truncate(path, off_t(fileSize)) == 0 else { return false }
        var status = stat()
        return stat(path, &status) == 0 && status.st_blocks * 512 < 10_000_000
    }
}

@Suite("The layout of the published checkpoint")
struct PublishedLayoutTests {
    @Test("885 tensors, and a header of exactly the published length")
    func arithmetic() {
        let tensors = PublishedLayout.tensors
        #expect(tensors.count == 885)
        #expect(tensors.reduce(0) { $0 + $1.shape.reduce(1, *) } == 1_664_485_376)
        #expect(PublishedLayout.header.count == PublishedLayout.headerBytes)
    }

    @Test("A file of 6.7 GB with that header opens, every tensor where it belongs")
    func sparse() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("model.safetensors")
        guard try PublishedLayout.writeSparse(to: path) else {
            try Test.cancel("this file system has no sparse files")
        }
        let file = try SafetensorsFile(path: path)
        #expect(file.names == PublishedLayout.tensors.map(\.name))
        #expect(file.metadata["text_model.lm_head.weight"] == "text_model.model.embed_tokens.weight")
        #expect(file.tensor("text_model.lm_head.weight") == nil)
        for (name, shape) in PublishedLayout.tensors {
            #expect(file.tensor(name)?.shape == Shape(shape), "\(name)")
        }
        let last = try #require(file.tensor("vision_model.model.pre_layrnorm.weight"))
        #expect(last.bytes.last == 0, "the last byte of the file can be read")
    }

    @Test("The folder opens, and one byte more or less is refused")
    func folder() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("model.safetensors")
        guard try PublishedLayout.writeSparse(to: path) else {
            try Test.cancel("this file system has no sparse files")
        }
        try folder.write(Array("{}".utf8), to: "config.json")
        let checkpoint = try Checkpoint(folder: folder.path)
        try checkpoint.requireNoOthers(than: Set(PublishedLayout.tensors.map(\.name)))
        for difference in [-1, 1] {
            #expect(truncate(path, off_t(PublishedLayout.fileSize + difference)) == 0)
            let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(path: path) }
            #expect(error?.code == .fileSize)
        }
    }
}
