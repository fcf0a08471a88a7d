// SPDX-License-Identifier: MIT

public import Foundation
public import Tensors

/// A model folder in the Hugging Face layout: `config.json`, tokenizer files, and weights in one
/// `model.safetensors` or in shards listed by `model.safetensors.index.json`.
public final class Checkpoint: Sendable {
    public let folder: String
    /// Where each tensor is.
    private let files: [String: SafetensorsFile]
    /// A short digest of the configuration and of a sample of every tensor: tells two folders apart without reading
    /// gigabytes of weights. Not a proof against tampering.
    public let revision: String

    /// The longest JSON file that is read.
    public static let jsonBytes = 64 << 20

    /// - Throws: `CheckpointError` naming the file.
    public init(folder: String) throws(CheckpointError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw CheckpointError(.unreadable, "no model folder at \(folder)")
        }
        self.folder = folder
        let single = folder + "/model.safetensors"
        let index = folder + "/model.safetensors.index.json"
        if FileManager.default.fileExists(atPath: single) {
            let file = try SafetensorsFile(path: single)
            files = Dictionary(uniqueKeysWithValues: file.names.map { ($0, file) })
        } else if FileManager.default.fileExists(atPath: index) {
            files = try Self.shards(folder: folder)
        } else {
            throw CheckpointError(
                .unreadable, "\(folder) has neither model.safetensors nor model.safetensors.index.json")
        }
        revision = try Self.digest(folder: folder, files: files)
    }

    /// The folder's own name, or `owner/name` where the folder is a snapshot of a hub cache.
    public var name: String {
        let parts = URL(fileURLWithPath: folder).standardizedFileURL.pathComponents
        if let cached = parts.last(where: { $0.hasPrefix("models--") }) {
            return cached.dropFirst("models--".count).replacingOccurrences(of: "--", with: "/")
        }
        return parts.last ?? folder
    }

    /// All tensor names.
    public var names: Set<String> { Set(files.keys) }

    /// A floating-point tensor of exactly that shape.
    /// - Throws: `missingTensor`, `misshapenTensor` (with both shapes) or `elementType`.
    public func tensor(_ name: String, shape: Shape) throws(CheckpointError) -> StoredTensor {
        guard let tensor = files[name]?.tensor(name) else {
            throw CheckpointError(.missingTensor, "the checkpoint lacks tensor \"\(name)\" \(shape)")
        }
        guard tensor.shape == shape else {
            throw CheckpointError(
                .misshapenTensor, "tensor \"\(name)\" is \(tensor.shape), but the configuration asks for \(shape)")
        }
        guard [.float32, .float16, .bfloat16].contains(tensor.elementType) else {
            throw CheckpointError(
                .elementType, "tensor \"\(name)\" is \(tensor.elementType.rawValue); the model takes F32, F16 or BF16")
        }
        return tensor
    }

    /// A tensor of whatever type and shape; `nil` where there is none.
    public func tensor(_ name: String) -> StoredTensor? { files[name]?.tensor(name) }

    /// Refuses a checkpoint with tensors that the model has no place for.
    public func requireNoOthers(than known: Set<String>) throws(CheckpointError) {
        let others = names.subtracting(known).sorted()
        guard others.isEmpty else {
            let shown = others.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ")
            throw CheckpointError(
                .extraTensor,
                "\(others.count) tensors have no place in this architecture: \(shown)\(others.count > 3 ? ", ..." : "")"
            )
        }
    }

    /// Whether the folder has a file of that name.
    public func holds(_ file: String) -> Bool {
        FileManager.default.fileExists(atPath: folder + "/" + file)
    }

    /// One JSON file of the folder.
    public func json(_ file: String) throws(CheckpointError) -> Data {
        try Self.read(folder: folder, file: file)
    }

    private static func read(folder: String, file: String) throws(CheckpointError) -> Data {
        let path = folder + "/" + file
        let size =
            (try? FileManager.default.attributesOfItem(
                atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)[.size]) as? Int
        guard let size else { throw CheckpointError(.unreadable, "the model folder lacks \(file)") }
        guard size <= jsonBytes else {
            throw CheckpointError(.limit, "\(file): \(size) bytes; the limit is \(jsonBytes)")
        }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw CheckpointError(.unreadable, "\(file) cannot be read")
        }
    }

    private struct Index: Decodable {
        var weightMap: [String: String]

        private enum CodingKeys: String, CodingKey {
            case weightMap = "weight_map"
        }
    }

    /// Opens every shard of the index; the index and the shards must name the same tensors.
    private static func shards(folder: String) throws(CheckpointError) -> [String: SafetensorsFile] {
        let data = try read(folder: folder, file: "model.safetensors.index.json")
        guard let index = try? JSONDecoder().decode(Index.self, from: data) else {
            throw CheckpointError(.index, "model.safetensors.index.json: no weight_map of names to files")
        }
        var files: [String: SafetensorsFile] = [:]
        for shard in Set(index.weightMap.values).sorted() {
            guard shard.hasSuffix(".safetensors"), !shard.contains("/"), !shard.hasPrefix("."), !shard.contains("\0")
            else {
                throw CheckpointError(
                    .index, "the index names a shard \"\(shard)\" that is no plain .safetensors file name")
            }
            let file = try SafetensorsFile(path: folder + "/" + shard)
            for name in file.names {
                guard index.weightMap[name] == shard, files[name] == nil else {
                    throw CheckpointError(
                        .index, "shard \(shard) holds tensor \"\(name)\", which the index places elsewhere")
                }
                files[name] = file
            }
        }
        if let missing = index.weightMap.keys.filter({ files[$0] == nil }).min() {
            throw CheckpointError(.missingTensor, "the index promises tensor \"\(missing)\", but its shard lacks it")
        }
        return files
    }

    /// FNV-1a over the configuration and every tensor's name, type, shape and first and last bytes.
    private static func digest(folder: String, files: [String: SafetensorsFile]) throws(CheckpointError) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        try read(folder: folder, file: "config.json").forEach(add)
        for name in files.keys.sorted() {
            guard let tensor = files[name]?.tensor(name) else { continue }
            "\(name) \(tensor.elementType.rawValue) \(tensor.shape)".utf8.forEach(add)
            tensor.bytes.prefix(64).forEach(add)
            tensor.bytes.suffix(64).forEach(add)
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
