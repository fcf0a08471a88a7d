// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Kosmos2
import Tensors
import TestSupport

/// The small model that comes with the package.
enum NanoModel {
    static let folder = Goldens.packageRoot + "/models/boxwood-nano"
    static let isPresent = FileManager.default.fileExists(atPath: folder + "/model.safetensors")

    static func load(threads: Int = 1) throws -> Kosmos2Model {
        try Kosmos2Model(checkpoint: Checkpoint(folder: folder), threads: threads)
    }
}

/// A copy of the small model's folder whose weights or configuration are changed; removed with the object.
final class ChangedModel {
    let folder: String

    /// - Parameters:
    ///   - weights: changes the tensors before they are written.
    ///   - configuration: changes the text of `config.json`.
    init(
        weights: (inout [SafetensorsWriter.Entry]) -> Void = { _ in }, configuration: (String) -> String = { $0 }
    ) throws {
        let manager = FileManager.default
        folder = manager.temporaryDirectory.appendingPathComponent("model-\(UUID().uuidString)").path
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in try manager.contentsOfDirectory(atPath: NanoModel.folder) where name != "model.safetensors" {
            try manager.createSymbolicLink(
                atPath: folder + "/" + name, withDestinationPath: NanoModel.folder + "/" + name)
        }
        var entries = try Self.entries()
        weights(&entries)
        try SafetensorsWriter.write(entries, to: folder + "/model.safetensors")
        let text = try String(contentsOfFile: NanoModel.folder + "/config.json", encoding: .utf8)
        try manager.removeItem(atPath: folder + "/config.json")
        try configuration(text).write(toFile: folder + "/config.json", atomically: true, encoding: .utf8)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    func load() throws -> Kosmos2Model {
        try Kosmos2Model(checkpoint: Checkpoint(folder: folder), threads: 1)
    }

    private static func entries() throws -> [SafetensorsWriter.Entry] {
        let file = try SafetensorsFile(path: NanoModel.folder + "/model.safetensors")
        return file.names.sorted().compactMap { name in
            file.tensor(name).map {
                .init(name: name, elementType: $0.elementType, shape: $0.shape, bytes: Data($0.bytes))
            }
        }
    }
}
