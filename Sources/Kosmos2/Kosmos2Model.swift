// SPDX-License-Identifier: MIT
//
// KOSMOS-2: Grounding Multimodal Large Language Models to the World (Peng et al. 2023, arXiv 2306.14824).
// Source of the architecture: transformers 5.23, modeling_kosmos2.py; weights in the layout of
// microsoft/kosmos-2-patch14-224. Differs from it in the positions of padded batches, which are each sequence's own here.

public import Checkpoints
public import Foundation
internal import Kernels
import Synchronization
public import Tensors
public import Tokenization

/// Called with the named intermediate results of a forward pass; the names are the reference recordings' own.
public typealias ActivationObserver = (_ name: String, _ tensor: Tensor) -> Void

/// A loaded model: weights mapped from a checkpoint folder, and the forward pass.
///
/// One thread at a time may run it. Only `progress` may be read from others.
public final class Kosmos2Model {
    public let configuration: Kosmos2Configuration
    public let generationDefaults: GenerationDefaults
    public let tokenizer: Tokenizer
    public let precision: Precision
    /// Counts layers and tokens as they are computed: still, while the model is meant to be working, means stuck.
    public let progress: Progress

    private let vision: VisionTower
    private let connector: Connector
    private let decoder: Decoder

    /// A counter that the engine's thread advances and any thread reads.
    public final class Progress: Sendable {
        private let count = Atomic<UInt64>(0)

        public init() {}

        public var value: UInt64 { count.load(ordering: .relaxed) }

        public func advance() {
            count.wrappingAdd(1, ordering: .relaxed)
        }
    }

    /// - Parameters:
    ///   - checkpoint: a folder with `config.json`, tokenizer and weights; nothing of it is copied but small vectors.
    ///   - threads: for the arithmetic, process-wide.
    ///   - precision: of the matrix products.
    ///   - cache: the folder of quantised weights; not touched at `f32`.
    ///   - report: told how many of how many bytes are quantised, where that has not been done yet.
    /// - Throws: `CheckpointError` or `TokenizerError`.
    public init(
        checkpoint: Checkpoint, threads: Int, precision: Precision = .f32, cache: String = NSTemporaryDirectory(),
        report: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        Kernels.setThreads(threads)
        self.precision = precision
        configuration = try Kosmos2Configuration(json: checkpoint.json("config.json"))
        generationDefaults = try GenerationDefaults(checkpoint)
        tokenizer = try Tokenizer(folder: checkpoint.folder)
        progress = Progress()
        guard tokenizer.vocabularySize <= configuration.text.vocabulary else {
            throw CheckpointError(
                .configuration,
                "the tokenizer has \(tokenizer.vocabularySize) tokens, the model's vocab_size is \(configuration.text.vocabulary)"
            )
        }
        let quantized =
            precision == .f32 ? nil : try QuantizedWeights(checkpoint, precision, folder: cache, report: report)
        var weights = Weights(checkpoint, quantized: quantized)
        vision = try VisionTower(configuration.vision, &weights)
        connector = try Connector(configuration, &weights)
        decoder = try Decoder(configuration.text, firstTag: tokenizer.specials.mask, &weights)
        try weights.requireAllTaken()
    }

    /// Begins to encode pictures; the caller drives it.
    /// - Parameter pixels: `[3, S, S]` of each picture, normalised.
    public func visionPass(_ pixels: [[Float]], observer: ActivationObserver? = nil) -> VisionPass {
        VisionPass(vision, connector, pixels, observer, step: progress.advance)
    }

    /// Begins to run tokens of several sequences; the caller drives it.
    public func decoderPass(_ sequences: [DecoderPass.Sequence], observer: ActivationObserver? = nil) -> DecoderPass {
        DecoderPass(decoder, width: configuration.text.width, sequences, observer, step: progress.advance)
    }

    /// The vectors that stand for a picture: `[latents, D]`.
    /// - Parameter pixels: `[3, S, S]`, normalised.
    public func encodeImage(_ pixels: [Float], observer: ActivationObserver? = nil) -> Tensor {
        let pass = visionPass([pixels], observer: observer)
        pass.finish()
        return pass.embeddings[0]
    }

    /// A cache for one sequence.
    /// - Parameter capacity: the most tokens; the model's longest text by default.
    public func makeCache(capacity: Int? = nil) -> KeyValueCache {
        KeyValueCache(
            layers: configuration.text.layers, capacity: capacity ?? configuration.text.maxPositions,
            width: configuration.text.width)
    }

    /// The bytes of keys and values for each token of a cache's capacity.
    public var cacheBytesPerToken: Int {
        2 * configuration.text.layers * configuration.text.width * MemoryLayout<Float>.stride
    }

    /// Runs tokens that follow what the cache holds.
    ///
    /// - Parameters:
    ///   - tokens: at least one, each below the vocabulary's size.
    ///   - image: picture vectors and the index in `tokens` of the first place they take.
    /// - Returns: raw logits `[V]` of the last token.
    public func prefill(
        tokens: [Int], image: (embeddings: Tensor, at: Int)? = nil, cache: KeyValueCache,
        observer: ActivationObserver? = nil
    ) -> [Float] {
        let image = image.map { PlacedImage($0.embeddings, at: $0.at) }
        let pass = decoderPass([.init(tokens, image: image, cache: cache)], observer: observer)
        pass.finish()
        return pass.logits().values.array
    }

    /// One more token for each of several sequences, each at its own position.
    ///
    /// - Parameters:
    ///   - tokens: one for each cache.
    ///   - caches: distinct, each with room for one more.
    ///   - part: the tokens that logits are wanted for: the head of a small batch is a tenth of a step.
    /// - Returns: raw logits, a row for each.
    public func step(tokens: [Int], caches: [KeyValueCache], _ part: HeadPart = .all) -> Logits {
        precondition(tokens.count == caches.count, "step: \(tokens.count) tokens for \(caches.count) caches")
        let pass = decoderPass(zip(tokens, caches).map { .init([$0], cache: $1) })
        pass.finish()
        progress.advance()
        return pass.logits(part)
    }
}
