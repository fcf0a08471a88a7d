// SPDX-License-Identifier: MIT
package import Checkpoints
import Foundation
package import Kosmos2
import Tensors

/// How much arithmetic a model's parts are: multiplications and additions of its matrix products and of attention.
///
/// Norms, activations and sums are left out; together they are below one in a hundred at the published size.
package struct ModelWork: Sendable {
    private let configuration: Kosmos2Configuration

    package init(_ configuration: Kosmos2Configuration) {
        self.configuration = configuration
    }

    /// One picture through the vision tower and the connector.
    package var vision: Double {
        let vision = configuration.vision
        let patches = Self.product(
            vision.grid * vision.grid, 3 * vision.patchSize * vision.patchSize, vision.width)
        let layer =
            Self.layer(rows: vision.tokens, width: vision.width, feedForward: vision.feedForward)
            + Self.attention(queries: vision.tokens, keys: vision.tokens, width: vision.width)
        return patches + Double(vision.layers) * layer + connector
    }

    private var connector: Double {
        let (width, latents, tokens) = (configuration.text.width, configuration.latents, configuration.vision.tokens)
        let memory = tokens + latents
        return Self.product(tokens, configuration.vision.width, width) + 2 * Self.product(latents, width, width)
            + 2 * Self.product(memory, width, width) + Self.attention(queries: latents, keys: memory, width: width)
    }

    /// A prompt through the decoder, and the head for its last token.
    package func prefill(tokens: Int) -> Double {
        let text = configuration.text
        let layer = Self.layer(rows: tokens, width: text.width, feedForward: text.feedForward)
        // A token sees itself and those before it: half of the square.
        let attention = Self.attention(queries: tokens, keys: tokens + 1, width: text.width) / 2
        return Double(text.layers) * (layer + attention) + Self.product(1, text.width, text.vocabulary)
    }

    /// The four projections of attention and the feed-forward.
    private static func layer(rows: Int, width: Int, feedForward: Int) -> Double {
        4 * product(rows, width, width) + 2 * product(rows, width, feedForward)
    }

    private static func product(_ rows: Int, _ inputs: Int, _ outputs: Int) -> Double {
        2 * Double(rows) * Double(inputs) * Double(outputs)
    }

    /// Scores and weighted sums.
    private static func attention(queries: Int, keys: Int, width: Int) -> Double {
        2 * product(queries, width, keys)
    }
}

/// The bytes of weights that one decoded token reads: every matrix of the decoder, the tied head included.
package enum DecoderWeights {
    private static let prefix = "text_model.model."
    /// A table that is looked up, not multiplied with.
    private static let positions = "embed_positions.weights"

    /// - Parameter cacheFolder: where the quantised weights of that checkpoint are; not looked at in float32.
    package static func byteCount(_ checkpoint: Checkpoint, _ precision: Precision, cacheFolder: String) -> Int {
        guard precision != .f32 else { return byteCount(of: checkpoint.names, checkpoint.tensor) }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: cacheFolder)) ?? []
        let start = "\(checkpoint.revision)-\(precision.rawValue)-"
        let files = names.filter { $0.hasPrefix(start) && $0.hasSuffix(".safetensors") }
        guard let name = files.max(), let file = try? SafetensorsFile(path: "\(cacheFolder)/\(name)") else { return 0 }
        return byteCount(of: Set(file.names), file.tensor)
    }

    private static func byteCount(of names: Set<String>, _ tensor: (String) -> StoredTensor?) -> Int {
        names.filter { $0.hasPrefix(prefix) && !$0.hasSuffix(positions) }.compactMap(tensor)
            .filter { $0.shape.rank > 1 }.reduce(0) { $0 + $1.bytes.count }
    }
}
