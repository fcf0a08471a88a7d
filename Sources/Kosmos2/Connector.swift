// SPDX-License-Identifier: MIT
//
// The resampler between picture and text. Source: transformers 5.23, modeling_kosmos2.py, Kosmos2ImageToTextProjection.
// Keys and values are the projected picture tokens followed by the latents themselves. There is no LayerNorm, no residual,
// no feed-forward and no mask.

internal import Checkpoints
internal import Kernels
internal import Tensors

/// Vision features to the vectors that stand for the picture in the text.
struct Connector {
    private let dense: Linear
    private let latents: Tensor
    private let attention: SelfAttention

    init(_ configuration: Kosmos2Configuration, _ weights: inout Weights) throws(CheckpointError) {
        let (prefix, width) = ("image_to_text_projection.", configuration.text.width)
        dense = try weights.linear(prefix + "dense", inputs: configuration.vision.width, outputs: width)
        latents = Tensor(widening: try weights.stored(prefix + "latent_query", [configuration.latents, width]))
        attention = try SelfAttention(
            prefix + "x_attn.", width: width, heads: configuration.text.heads, &weights)
    }

    /// features `[P + 1, Dv]`; result `[latents, D]`.
    func callAsFunction(_ features: Tensor) -> Tensor {
        let projected = dense(features)
        let memory = Tensor([projected.shape[0] + latents.shape[0], latents.shape[1]])
        memory.pointer.update(from: projected.pointer, count: projected.count)
        memory.row(projected.shape[0]).update(from: latents.pointer, count: latents.count)
        return attention(queries: latents, memory: memory)
    }
}
