// SPDX-License-Identifier: MIT
package import Checkpoints
import Foundation
package import Kosmos2
import Tensors

/// A model folder in a few numbers.
package struct ModelSummary: Encodable, Sendable {
    struct Tower: Encodable {
        let layers: Int
        let width: Int
        let heads: Int
        let feedForward: Int
    }

    let name: String
    let revision: String
    let tensors: Int
    let parameters: Int
    let bytes: Int
    /// Parameters by the type that they are stored in.
    let elementTypes: [String: Int]
    let imageSize: Int
    let patchSize: Int
    let imageTokens: Int
    let vocabulary: Int
    let contextTokens: Int
    let vision: Tower
    let text: Tower

    /// - Throws: `CheckpointError` of a damaged file.
    package init(_ checkpoint: Checkpoint, _ configuration: Kosmos2Configuration) throws(CheckpointError) {
        name = checkpoint.name
        revision = checkpoint.revision
        let stored = try Self.tensors(checkpoint.folder)
        tensors = stored.count
        parameters = stored.reduce(0) { $0 + $1.shape.count }
        bytes = stored.reduce(0) { $0 + $1.bytes.count }
        elementTypes = stored.reduce(into: [:]) { $0[$1.elementType.rawValue, default: 0] += $1.shape.count }
        let (vision, text) = (configuration.vision, configuration.text)
        (imageSize, patchSize, imageTokens) = (vision.imageSize, vision.patchSize, configuration.latents)
        (vocabulary, contextTokens) = (text.vocabulary, text.maxPositions)
        self.vision = Tower(
            layers: vision.layers, width: vision.width, heads: vision.heads, feedForward: vision.feedForward)
        self.text = Tower(layers: text.layers, width: text.width, heads: text.heads, feedForward: text.feedForward)
    }

    /// Every tensor of every weight file in the folder.
    private static func tensors(_ folder: String) throws(CheckpointError) -> [StoredTensor] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var tensors: [StoredTensor] = []
        for file in files.sorted() where file.hasSuffix(".safetensors") {
            let file = try SafetensorsFile(path: folder + "/" + file)
            tensors += file.names.compactMap(file.tensor)
        }
        return tensors
    }

    /// For people.
    package var lines: [String] {
        let types = elementTypes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let facts = [
            ("model", "\(name) (revision \(revision))"),
            ("parameters", "\(parameters) in \(tensors) tensors: \(types)"),
            ("weights", "\(ResultReport.fixed(Double(bytes) / 1e6, digits: 1)) MB"),
            ("picture", "\(imageSize) x \(imageSize) pixels, patches of \(patchSize), \(imageTokens) tokens"),
            ("vision", Self.text(vision)),
            ("text", "\(Self.text(text)), \(vocabulary) tokens, context \(contextTokens)"),
        ]
        var table = TextTable([.init("", .left), .init("", .left)])
        for (name, value) in facts { table.append([name, value]) }
        return Array(table.lines(width: nil).dropFirst())
    }

    private static func text(_ tower: Tower) -> String {
        "\(tower.layers) layers of width \(tower.width), \(tower.heads) heads, feed-forward \(tower.feedForward)"
    }
}
