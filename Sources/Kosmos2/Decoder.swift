// SPDX-License-Identifier: MIT
//
// The text decoder: a Magneto transformer (Wang et al. 2022), sub-LayerNorm, decoder only.
// Source: transformers 5.23, modeling_kosmos2.py, Kosmos2TextTransformer. Positions are each sequence's own: where the
// reference counts the padding of a batch into them, this does not.

internal import Checkpoints
import Foundation
internal import Kernels
internal import Tensors

/// Tokens and picture vectors to logits, through the caches of one or several sequences.
struct Decoder {
    private let configuration: Kosmos2Configuration.Text
    /// Looked up as it is stored, whatever the precision: a row is copied, not multiplied with.
    private let embedding: WeightMatrix
    /// The same matrix as the head.
    private let head: Weight
    /// The end of the head, with the tags and locations.
    private let tags: Weight
    private let layers: [DecoderLayer]
    private let norm: LayerNorm
    private let positions: SinusoidalPositions

    /// - Parameter firstTag: the first token of the vocabulary's end that holds tags and locations.
    init(
        _ configuration: Kosmos2Configuration.Text, firstTag: Int, _ weights: inout Weights
    ) throws(CheckpointError) {
        self.configuration = configuration
        let prefix = "text_model.model."
        let (name, shape) = (prefix + "embed_tokens.weight", [configuration.vocabulary, configuration.width] as Shape)
        embedding = WeightMatrix(try weights.stored(name, shape))
        head = try weights.matrix(name, shape)
        tags = head.outputs(from: firstTag)
        var layers: [DecoderLayer] = []
        for index in 0..<configuration.layers {
            layers.append(try DecoderLayer(configuration, index, "\(prefix)layers.\(index).", &weights))
        }
        self.layers = layers
        norm = try weights.norm(prefix + "layer_norm", configuration.width, epsilon: configuration.layerNormEpsilon)
        positions = SinusoidalPositions(width: configuration.width)
    }

    var layerCount: Int { layers.count }

    /// Writes a sequence's input of the first layer to `x` `[rows, D]` from row `first`. Picture vectors take the place of
    /// embeddings before the scale, so they are scaled too.
    /// - Parameter position: of the first token in its sequence, from 0.
    func embed(_ tokens: [Int], image: PlacedImage?, position: Int, into x: Tensor, from first: Int) {
        for (row, token) in tokens.enumerated() { embedding.copyRow(token, to: x.row(first + row)) }
        if let image {
            x.row(first + image.at).update(from: image.embeddings.pointer, count: image.embeddings.count)
        }
        let scale = configuration.scalesEmbedding ? Float(configuration.width).squareRoot() : 1
        for row in tokens.indices {
            let values = x.row(first + row)
            for column in 0..<configuration.width { values[column] *= scale }
            positions.add(position + row, to: values)
        }
    }

    /// One layer, in place on x `[rows, D]`; the rows of each sequence follow what its cache holds.
    func layer(_ index: Int, _ x: Tensor, _ sequences: [SequenceRows]) {
        layers[index](x, sequences)
    }

    /// The norm after the last layer.
    func leave(_ x: Tensor) -> Tensor { norm(x) }

    /// Hidden states `[rows, D]` to raw logits, by the tied embedding. A logit has the same bits in either part.
    func logits(_ hidden: Tensor, _ part: HeadPart) -> Logits {
        switch part {
        case .all: Logits(head.product(hidden))
        case .tags: Logits(tags.product(hidden), firstToken: head.outputs - tags.outputs)
        }
    }
}

/// Which rows of a batch belong to a sequence.
struct SequenceRows {
    let cache: KeyValueCache
    let rows: Range<Int>
}

/// One block: attention, then feed-forward, each with a LayerNorm before it and another inside.
private struct DecoderLayer {
    private let index: Int
    private let heads: Int
    private let attentionNorm: LayerNorm
    private let q: Linear
    private let k: Linear
    private let v: Linear
    private let innerNorm: LayerNorm
    private let out: Linear
    private let feedForwardNorm: LayerNorm
    private let fc1: Linear
    private let hiddenNorm: LayerNorm
    private let fc2: Linear

    init(
        _ c: Kosmos2Configuration.Text, _ index: Int, _ prefix: String, _ weights: inout Weights
    ) throws(CheckpointError) {
        self.index = index
        heads = c.heads
        let (width, epsilon, attention) = (c.width, c.layerNormEpsilon, prefix + "self_attn.")
        attentionNorm = try weights.norm(prefix + "self_attn_layer_norm", width, epsilon: epsilon)
        q = try weights.linear(attention + "q_proj", inputs: width, outputs: width)
        k = try weights.linear(attention + "k_proj", inputs: width, outputs: width)
        v = try weights.linear(attention + "v_proj", inputs: width, outputs: width)
        innerNorm = try weights.norm(attention + "inner_attn_ln", width, epsilon: epsilon)
        out = try weights.linear(attention + "out_proj", inputs: width, outputs: width)
        // The checkpoint's "final" layer norm is the one before the feed-forward, in every layer.
        feedForwardNorm = try weights.norm(prefix + "final_layer_norm", width, epsilon: epsilon)
        fc1 = try weights.linear(prefix + "ffn.fc1", inputs: width, outputs: c.feedForward)
        hiddenNorm = try weights.norm(prefix + "ffn.ffn_layernorm", c.feedForward, epsilon: epsilon)
        fc2 = try weights.linear(prefix + "ffn.fc2", inputs: c.feedForward, outputs: width)
    }

    /// In place on x `[T, D]`.
    func callAsFunction(_ x: Tensor, _ sequences: [SequenceRows]) {
        let normed = attentionNorm(x)
        Kernels.add(out(innerNorm(attend(q(normed), k(normed), v(normed), sequences))), to: x)
        let hidden = fc1(feedForwardNorm(x))
        Kernels.gelu(hidden)
        Kernels.add(fc2(hiddenNorm(hidden)), to: x)
    }

    /// Mixes values by queries and keys, all `[T, D]`, each sequence's rows with its own past.
    private func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ sequences: [SequenceRows]) -> Tensor {
        let output = Tensor(q.shape)
        for sequence in sequences {
            let (first, count, cache) = (sequence.rows.lowerBound, sequence.rows.count, sequence.cache)
            store(k.row(first), v.row(first), rows: count, in: cache)
            mix(q.row(first), rows: count, cache: cache, into: output.row(first))
        }
        return output
    }

    private func store(_ k: UnsafePointer<Float>, _ v: UnsafePointer<Float>, rows: Int, in cache: KeyValueCache) {
        let width = cache.keys[index].shape[1]
        cache.keys[index].row(cache.count).update(from: k, count: rows * width)
        cache.values[index].row(cache.count).update(from: v, count: rows * width)
    }

    private func mix(
        _ q: UnsafePointer<Float>, rows: Int, cache: KeyValueCache, into output: UnsafeMutablePointer<Float>
    ) {
        Kernels.attention(
            queries: q, rows: rows, keys: cache.keys[index].pointer, values: cache.values[index].pointer,
            length: cache.count + rows, width: cache.keys[index].shape[1], heads: heads, firstVisible: cache.count + 1,
            output: output)
    }
}

/// Sinusoidal positions: sines of all frequencies, then cosines; not interleaved.
///
/// Frequencies are `10000^(-i / (half - 1))`. The k-th token of a sequence, from 0, has position k + 2, because row 1 of
/// the reference's table belongs to padding. Computed in single precision, as the reference does.
struct SinusoidalPositions {
    private let frequencies: [Float]

    /// The position of a sequence's first token.
    private static let first = 2

    init(width: Int) {
        let half = width / 2
        let step = Float(log(10000.0) / Double(half - 1))
        frequencies = (0..<half).map { exp(Float($0) * -step) }
    }

    /// Adds the vector of the token at `index` (from 0) to `values` `[width]`.
    func add(_ index: Int, to values: UnsafeMutablePointer<Float>) {
        let position = Float(index + Self.first)
        for (column, frequency) in frequencies.enumerated() {
            values[column] += sin(position * frequency)
            values[frequencies.count + column] += cos(position * frequency)
        }
    }
}
