// SPDX-License-Identifier: MIT

internal import Checkpoints
import Foundation
internal import Kernels
internal import Tensors

/// The weights of a checkpoint in eight or four bits, kept in a file beside others' so that they are made once and mapped by every
/// process of the machine.
///
/// The file is named for the checkpoint's revision, the precision and the layout of the packed bytes. It is a safetensors file: each
/// matrix under its own name, U8, of ``QuantizedMatrix``'s packed shape.
struct QuantizedWeights {
    private let file: SafetensorsFile
    private let precision: Precision

    /// Changes whenever the packed bytes of the same weight would.
    static let layoutVersion = 3
    /// Matrices that are looked up by row or added, and never multiplied with.
    private static let notMultiplied = ["position_embedding.weight", "embed_positions.weights", "lm_head.weight"]

    /// What four bits would harm more than all the rest together, and what is half a percent of a token's bytes: the scores
    /// of the first layer, whose inputs are bare embeddings.
    private static let inEight = ["q_proj", "k_proj"].map { "text_model.model.layers.0.self_attn.\($0).weight" }

    /// Maps the file of that checkpoint, and makes it first where it is missing or another checkpoint's.
    ///
    /// - Parameters:
    ///   - precision: `q8` or `q4`.
    ///   - folder: where such files are kept; it is made where it is missing.
    ///   - report: told how many of how many bytes are packed, when it is not there yet.
    init(
        _ checkpoint: Checkpoint, _ precision: Precision, folder: String, report: (_ done: Int, _ total: Int) -> Void
    ) throws(CheckpointError) {
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.precision = precision
        let path = QuantizedFiles.path(checkpoint.revision, precision, layout: Self.layoutVersion, in: folder)
        let layout = Self.layout(checkpoint, precision)
        if let file = Self.open(path, layout) {
            self.file = file
            return
        }
        // Of several workers that start at once, one packs and the others wait for it.
        let lock = try FileLock(path: path + ".lock")
        defer { lock.release() }
        if let file = Self.open(path, layout) {
            self.file = file
            return
        }
        try Self.pack(checkpoint, precision, layout, to: path, report)
        file = try SafetensorsFile(path: path)
    }

    /// The matrix of that name; the caller names its shape.
    func matrix(_ name: String, outputs: Int, inputs: Int) throws(CheckpointError) -> QuantizedMatrix {
        guard let packed = file.tensor(name) else {
            throw CheckpointError(.missingTensor, "the quantised weights lack tensor \"\(name)\"")
        }
        return QuantizedMatrix(
            Self.format(name, precision), packed: packed, outputs: outputs, inputs: inputs)
    }

    /// Four bits for what a token reads, the text decoder and its head; a picture is encoded once.
    private static func format(_ name: String, _ precision: Precision) -> PackedFormat {
        let isFour = precision == .q4 && NormBefore.name(name) != nil && !inEight.contains(name)
        return isFour ? .fourBits : .eightBits
    }

    /// Every matrix of the checkpoint, by name.
    private static func layout(_ checkpoint: Checkpoint, _ precision: Precision) -> SafetensorsLayout {
        let entries = checkpoint.names.sorted().compactMap { name -> SafetensorsLayout.Entry? in
            guard let tensor = checkpoint.tensor(name), tensor.shape.rank >= 2, name.hasSuffix(".weight"),
                !notMultiplied.contains(where: name.hasSuffix)
            else { return nil }
            let matrix = WeightMatrix(tensor)
            let shape = QuantizedMatrix.packedShape(
                format(name, precision), outputs: matrix.outputs, inputs: matrix.inputs)
            return .init(name: name, elementType: .uint8, shape: shape)
        }
        return SafetensorsLayout(
            entries: entries, metadata: ["format": "boxwood-\(precision.rawValue)", "revision": checkpoint.revision])
    }

    /// The file, if it is there and holds what it should.
    private static func open(_ path: String, _ layout: SafetensorsLayout) -> SafetensorsFile? {
        guard let file = try? SafetensorsFile(path: path), file.metadata == layout.metadata,
            file.names.count == layout.entries.count,
            layout.entries.allSatisfy({ file.tensor($0.name)?.shape == $0.shape })
        else { return nil }
        return file
    }

    private static func pack(
        _ checkpoint: Checkpoint, _ precision: Precision, _ layout: SafetensorsLayout, to path: String,
        _ report: (_ done: Int, _ total: Int) -> Void
    ) throws(CheckpointError) {
        let total = layout.entries.reduce(0) { $0 + $1.byteCount }
        var done = 0
        try SafetensorsWriter.write(layout, to: path) { entry, bytes throws(CheckpointError) in
            guard let tensor = checkpoint.tensor(entry.name) else { return }
            let matrix = WeightMatrix(tensor)
            QuantizedMatrix.pack(
                matrix, format(entry.name, precision),
                importance: NormBefore.secondMoments(entry.name, inputs: matrix.inputs, checkpoint), into: bytes)
            tensor.discardPages()
            done += entry.byteCount
            report(done, total)
        }
    }
}
