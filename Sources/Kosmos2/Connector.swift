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

    /// features `[pictures * (P + 1), Dv]`; result `[pictures * latents, D]`.
    func callAsFunction(_ features: Tensor, pictures: Int) -> Tensor {
        let projected = dense(features)
        let (seen, asked) = (projected.shape[0] / pictures, latents.shape[0])
        let queries = Tensor([pictures * asked, latents.shape[1]])
        let memory = Tensor([pictures * (seen + asked), latents.shape[1]])
        for index in 0..<pictures {
            let start = index * (seen + asked)
            memory.row(start).update(from: projected.row(index * seen), count: seen * latents.shape[1])
            memory.row(start + seen).update(from: latents.pointer, count: latents.count)
            queries.row(index * asked).update(from: latents.pointer, count: latents.count)
        }
        return attention(queries: queries, memory: memory, sequences: pictures)
    }
}
