// SPDX-License-Identifier: MIT
//
// The CLIP vision transformer of KOSMOS-2 (Radford et al. 2021; Peng et al. 2023).
// Source: transformers 5.23, modeling_kosmos2.py, Kosmos2VisionTransformer. Unlike CLIP as it is used elsewhere, the last
// LayerNorm runs over all tokens, every token is then normalised to length one, and the class token goes on too.

internal import Checkpoints
internal import Kernels
internal import Tensors

/// Pixels to one vector for each patch.
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

    /// - Parameter pixels: `[3, S, S]`, normalised.
    /// - Returns: `[P + 1, D]`, rows of length one, the class token first.
    func callAsFunction(_ pixels: [Float], _ observe: ActivationObserver, step: () -> Void) -> Tensor {
        var x = embed(pixels)
        observe("vision.embeddings", x)
        x = preNorm(x)
        observe("vision.pre_layrnorm", x)
        for (index, layer) in layers.enumerated() {
            layer(x)
            if index == 0 { observe("vision.layer0", x) }
            step()
        }
        observe("vision.last_hidden", x)
        x = postNorm(x)
        Kernels.l2Normalize(x, epsilon: Self.normEpsilon)
        observe("vision.post_ln_l2", x)
        return x
    }

    /// The class token and the patches, each with its position.
    private func embed(_ pixels: [Float]) -> Tensor {
        let x = Tensor([configuration.tokens, configuration.width])
        x.pointer.update(from: classEmbedding.pointer, count: configuration.width)
        let patches = patchEmbedding.product(patchRows(pixels))
        x.row(1).update(from: patches.pointer, count: patches.count)
        Kernels.add(positionEmbedding, to: x)
        return x
    }

    /// The picture cut into rows of one patch each, in the order of the convolution's weight: channel, y, x.
    private func patchRows(_ pixels: [Float]) -> Tensor {
        let (size, patch, grid) = (configuration.imageSize, configuration.patchSize, configuration.grid)
        precondition(pixels.count == 3 * size * size, "vision: \(pixels.count) pixel values for [3, \(size), \(size)]")
        let rows = Tensor([grid * grid, 3 * patch * patch])
        pixels.withUnsafeBufferPointer { pixels in
            for index in 0..<grid * grid {
                var target = rows.row(index)
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
        return rows
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

    /// In place on x `[P + 1, D]`.
    func callAsFunction(_ x: Tensor) {
        let attended = norm1(x)
        Kernels.add(attention(queries: attended, memory: attended), to: x)
        let hidden = fc1(norm2(x))
        Kernels.quickGELU(hidden)
        Kernels.add(fc2(hidden), to: x)
    }
}
