// SPDX-License-Identifier: MIT
//
// The CLIP vision transformer of KOSMOS-2 (Radford et al. 2021; Peng et al. 2023).
// Source: transformers 5.23, modeling_kosmos2.py, Kosmos2VisionTransformer. Unlike CLIP as it is used elsewhere, the last
// LayerNorm runs over all tokens, every token is then normalised to length one, and the class token goes on too.

internal import Checkpoints
internal import Kernels
internal import Tensors

/// Pixels to one vector for each patch. Several pictures go together, each attending to itself alone.
struct VisionTower {
    private let configuration: Kosmos2Configuration.Vision
    private let classEmbedding: Tensor
    private let patchEmbedding: Weight
    private let positionEmbedding: Tensor
    private let preNorm: LayerNorm
    private let layers: [VisionLayer]
    private let postNorm: LayerNorm

    /// The smallest length that a token's vector is divided by.
    private static let normEpsilon: Float = 1e-12

    init(_ configuration: Kosmos2Configuration.Vision, _ weights: inout Weights) throws(CheckpointError) {
        self.configuration = configuration
        let (width, patch, prefix) = (configuration.width, configuration.patchSize, "vision_model.model.")
        classEmbedding = try weights.vector(prefix + "embeddings.class_embedding", width)
        patchEmbedding = try weights.matrix(prefix + "embeddings.patch_embedding.weight", [width, 3, patch, patch])
        positionEmbedding = Tensor(
            widening: try weights.stored(
                prefix + "embeddings.position_embedding.weight", [configuration.tokens, width]))
        // "layrnorm" is how the checkpoint spells it.
        preNorm = try weights.norm(prefix + "pre_layrnorm", width, epsilon: configuration.layerNormEpsilon)
        var layers: [VisionLayer] = []
        for index in 0..<configuration.layers {
            layers.append(try VisionLayer(configuration, "\(prefix)encoder.layers.\(index).", &weights))
        }
        self.layers = layers
        postNorm = try weights.norm(prefix + "post_layernorm", width, epsilon: configuration.layerNormEpsilon)
    }

    var layerCount: Int { layers.count }

    /// The input of the first layer, before its norm: `[pictures * (P + 1), D]`, the class token of each picture first.
    /// - Parameter pixels: `[3, S, S]` of each picture, normalised.
    func embed(_ pixels: [[Float]]) -> Tensor {
        let (tokens, width) = (configuration.tokens, configuration.width)
        let x = Tensor([pixels.count * tokens, width])
        let patches = patchEmbedding.product(patchRows(pixels))
        for picture in pixels.indices {
            let first = picture * tokens
            x.row(first).update(from: classEmbedding.pointer, count: width)
            x.row(first + 1).update(from: patches.row(picture * (tokens - 1)), count: (tokens - 1) * width)
            for row in 0..<tokens { add(positionEmbedding.row(row), to: x.row(first + row)) }
        }
        return x
    }

    private func add(_ values: UnsafePointer<Float>, to row: UnsafeMutablePointer<Float>) {
        for column in 0..<configuration.width { row[column] += values[column] }
    }

    /// The norm before the first layer.
    func enter(_ x: Tensor) -> Tensor { preNorm(x) }

    /// One layer, in place.
    func layer(_ index: Int, _ x: Tensor, pictures: Int) {
        layers[index](x, pictures: pictures)
    }

    /// After the last layer: rows of length one.
    func leave(_ x: Tensor) -> Tensor {
        let result = postNorm(x)
        Kernels.l2Normalize(result, epsilon: Self.normEpsilon)
        return result
    }

    /// The pictures cut into rows of one patch each, in the order of the convolution's weight: channel, y, x.
    private func patchRows(_ pictures: [[Float]]) -> Tensor {
        let (patch, grid) = (configuration.patchSize, configuration.grid)
        let rows = Tensor([pictures.count * grid * grid, 3 * patch * patch])
        for (index, pixels) in pictures.enumerated() { cut(pixels, into: rows, from: index * grid * grid) }
        return rows
    }

    private func cut(_ pixels: [Float], into rows: Tensor, from first: Int) {
        let (size, patch, grid) = (configuration.imageSize, configuration.patchSize, configuration.grid)
        precondition(pixels.count == 3 * size * size, "vision: \(pixels.count) pixel values for [3, \(size), \(size)]")
        pixels.withUnsafeBufferPointer { pixels in
            for index in 0..<grid * grid {
                var target = rows.row(first + index)
                let (top, left) = (index / grid * patch, index % grid * patch)
                for channel in 0..<3 {
                    for y in 0..<patch {
                        let source = pixels.baseAddress! + (channel * size + top + y) * size + left
                        target.update(from: source, count: patch)
                        target += patch
                    }
                }
            }
        }
    }
}

/// One pre-norm block: attention over all tokens, then a feed-forward with quick GELU.
private struct VisionLayer {
    let norm1: LayerNorm
    let attention: SelfAttention
    let norm2: LayerNorm
    let fc1: Linear
    let fc2: Linear

    init(_ c: Kosmos2Configuration.Vision, _ prefix: String, _ weights: inout Weights) throws(CheckpointError) {
        norm1 = try weights.norm(prefix + "layer_norm1", c.width, epsilon: c.layerNormEpsilon)
        attention = try SelfAttention(prefix + "self_attn.", width: c.width, heads: c.heads, &weights)
        norm2 = try weights.norm(prefix + "layer_norm2", c.width, epsilon: c.layerNormEpsilon)
        fc1 = try weights.linear(prefix + "mlp.fc1", inputs: c.width, outputs: c.feedForward)
        fc2 = try weights.linear(prefix + "mlp.fc2", inputs: c.feedForward, outputs: c.width)
    }

    /// In place on x `[pictures * (P + 1), D]`.
    func callAsFunction(_ x: Tensor, pictures: Int) {
        let attended = norm1(x)
        Kernels.add(attention(queries: attended, memory: attended, sequences: pictures), to: x)
        let hidden = fc1(norm2(x))
        Kernels.quickGELU(hidden)
        Kernels.add(fc2(hidden), to: x)
    }
}
