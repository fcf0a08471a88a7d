// SPDX-License-Identifier: MIT

internal import Kernels
public import Tensors

/// Picture vectors in the place of tokens.
public struct PlacedImage {
    /// `[latents, D]`.
    public let embeddings: Tensor
    /// The index of the first token that they replace.
    public let at: Int

    public init(_ embeddings: Tensor, at: Int) {
        (self.embeddings, self.at) = (embeddings, at)
    }
}

/// Tokens of several sequences on their way through the decoder, as many layers at a time as their owner likes.
///
/// All sequences share each product with a weight and attend to their own past alone; what one of them gets has the same
/// bits as if it were alone. A cache counts its new tokens when the last layer is through: until then nobody else may
/// use it.
public final class DecoderPass {
    /// What one sequence adds.
    public struct Sequence {
        let tokens: [Int]
        let image: PlacedImage?
        let cache: KeyValueCache

        /// - Parameters:
        ///   - tokens: at least one, each below the vocabulary's size; they follow what the cache holds.
        ///   - cache: with room for them, in no other sequence of the pass.
        public init(_ tokens: [Int], image: PlacedImage? = nil, cache: KeyValueCache) {
            precondition(
                !tokens.isEmpty && cache.count + tokens.count <= cache.capacity,
                "decoder: \(tokens.count) tokens after \(cache.count), capacity \(cache.capacity)")
            (self.tokens, self.image, self.cache) = (tokens, image, cache)
        }
    }

    /// Tokens of all sequences together: what one layer costs grows with them.
    public var rows: Int { x.shape[0] }
    public private(set) var isDone = false

    private let decoder: Decoder
    private let observe: ActivationObserver?
    private let step: () -> Void
    private let sequences: [SequenceRows]
    private let x: Tensor
    private var layer = 0

    init(
        _ decoder: Decoder, width: Int, _ sequences: [Sequence], _ observer: ActivationObserver?,
        step: @escaping () -> Void
    ) {
        (self.decoder, observe, self.step) = (decoder, observer, step)
        x = Tensor([sequences.reduce(0) { $0 + $1.tokens.count }, width])
        var first = 0
        var placed: [SequenceRows] = []
        for sequence in sequences {
            decoder.embed(
                sequence.tokens, image: sequence.image, position: sequence.cache.count, into: x, from: first)
            placed.append(SequenceRows(cache: sequence.cache, rows: first..<first + sequence.tokens.count))
            first += sequence.tokens.count
        }
        self.sequences = placed
        observer?("text.embed_sum", x)
    }

    /// Computes up to `layers` more layers.
    public func advance(layers: Int) {
        precondition(layers > 0 && !isDone, "decoder: \(layers) layers after \(layer)")
        for _ in 0..<min(layers, decoder.layerCount - layer) {
            decoder.layer(layer, x, sequences)
            if layer == 0 { observe?("text.layer0", x) }
            layer += 1
            step()
        }
        guard layer == decoder.layerCount else { return }
        for sequence in sequences { sequence.cache.advance(by: sequence.rows.count) }
        isDone = true
        if let observe { observe("text.final_hidden", decoder.leave(x)) }
    }

    /// Computes all that is left.
    public func finish() {
        if !isDone { advance(layers: max(1, decoder.layerCount)) }
    }

    /// Raw logits that follow the last token of each sequence, a row for each.
    /// - Precondition: the pass is done.
    public func logits(_ part: HeadPart = .all) -> Logits {
        precondition(isDone, "decoder: logits after \(layer) layers")
        return decoder.logits(decoder.leave(lastRows()), part)
    }

    private func lastRows() -> Tensor {
        guard sequences.count < rows else { return x }
        let last = Tensor([sequences.count, x.shape[1]])
        for (index, sequence) in sequences.enumerated() {
            last.row(index).update(from: x.row(sequence.rows.upperBound - 1), count: x.shape[1])
        }
        return last
    }
}
