// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Kosmos2
import Tensors
import Testing

/// The published checkpoint's file, at the small model's size: tensors sorted by name, the tied head named in the
/// metadata alone, no saved positions, the header padded with blanks.
@Suite("A folder as the hub has it", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct PublishedFolderTests {
    private static let head = "text_model.lm_head.weight"
    private static let embedding = "text_model.model.embed_tokens.weight"

    /// The header written out by hand, so that the writer of this package has no part in it.
    private func file() throws -> Data {
        let source = try SafetensorsFile(path: NanoModel.folder + "/model.safetensors")
        let names = source.names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        var (offset, data) = (0, Data())
        var parts = [#""__metadata__":{"format":"pt","\#(Self.head)":"\#(Self.embedding)"}"#]
        for name in names {
            let tensor = try #require(source.tensor(name))
            let extents = tensor.shape.extents.map(String.init).joined(separator: ",")
            let end = offset + tensor.bytes.count
            parts.append(#""\#(name)":{"dtype":"F32","shape":[\#(extents)],"data_offsets":[\#(offset),\#(end)]}"#)
            data.append(contentsOf: tensor.bytes)
            offset = end
        }
        var header = Data("{\(parts.joined(separator: ","))}".utf8)
        header.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8))
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + data
    }

    @Test("It loads, and its logits are those of the same weights written otherwise, bit for bit")
    func loads() throws {
        let changed = try ChangedModel()
        let path = changed.folder + "/model.safetensors"
        try file().write(to: URL(fileURLWithPath: path))
        let written = try SafetensorsFile(path: path)
        #expect(written.names == written.names.sorted() && written.tensor(Self.head) == nil)
        #expect(written.metadata == ["format": "pt", Self.head: Self.embedding])
        let (model, plain) = (try changed.load(), try NanoModel.load())
        let (text, vision) = (plain.configuration.text.layers, plain.configuration.vision.layers)
        // 885 for the published model's 24 layers and 24.
        #expect(written.names.count == 21 + 20 * text + 16 * vision)
        let pixels: [Float] = (0..<3 * 224 * 224).map { index in Float(index % 97) / 48 - 1 }
        let (ours, theirs) = (model.encodeImage(pixels), plain.encodeImage(pixels))
        #expect(ours.array == theirs.array)
        let prompt = [0] + [Int](repeating: 5, count: model.configuration.latents) + [6, 7]
        let logits = model.prefill(tokens: prompt, image: (ours, 1), cache: model.makeCache(capacity: 80))
        #expect(logits == plain.prefill(tokens: prompt, image: (theirs, 1), cache: plain.makeCache(capacity: 80)))
    }

    @Test("An alias in the metadata stands for no weights: without the embedding there is no head")
    func alias() throws {
        let changed = try ChangedModel(weights: { $0.removeAll { $0.name == Self.embedding } })
        let error = #expect(throws: CheckpointError.self) { _ = try changed.load() }
        #expect(error?.code == .missingTensor && error?.message.contains(Self.embedding) == true)
    }
}
