// SPDX-License-Identifier: MIT

import Checkpoints
import Kernels
import Kosmos2
import Tensors
import Testing

/// Which LayerNorm feeds which matrix, and what it tells of the matrix's inputs.
@Suite("The norm before a matrix", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct NormBeforeTests {
    @Test(
        "Each matrix of the text decoder has the one that the architecture puts before it",
        arguments: [
            ("embed_tokens", "layer_norm"), ("layers.0.self_attn.q_proj", "layers.0.self_attn_layer_norm"),
            ("layers.7.self_attn.out_proj", "layers.7.self_attn.inner_attn_ln"),
            ("layers.23.ffn.fc1", "layers.23.final_layer_norm"), ("layers.1.ffn.fc2", "layers.1.ffn.ffn_layernorm"),
        ])
    func names(matrix: String, norm: String) {
        #expect(NormBefore.name("text_model.model.\(matrix).weight") == "text_model.model.\(norm)")
    }

    @Test(
        "Nothing else has one",
        arguments: [
            "vision_model.model.encoder.layers.0.self_attn.q_proj.weight", "image_to_text_projection.dense.weight",
            "text_model.model.layers.0.ffn.fc1.bias", "text_model.model.layers.0.weight", "text_model.lm_head.weight",
        ])
    func others(matrix: String) {
        #expect(NormBefore.name(matrix) == nil)
    }

    @Test("Every matrix of the small model's decoder has second moments, as many as inputs")
    func moments() throws {
        let checkpoint = try Checkpoint(folder: NanoModel.folder)
        let matrices = checkpoint.names.filter {
            $0.hasPrefix("text_model.") && checkpoint.tensor($0)!.shape.rank == 2
        }
        #expect(matrices.count == 3 * 6 + 1)
        for name in matrices {
            let inputs = checkpoint.tensor(name)!.shape[1]
            let moments = try #require(NormBefore.secondMoments(name, inputs: inputs, checkpoint), "\(name)")
            let norm = NormBefore.name(name)!
            let gamma = Tensor(widening: checkpoint.tensor(norm + ".weight")!).array
            let beta = Tensor(widening: checkpoint.tensor(norm + ".bias")!).array
            #expect(moments.array == zip(gamma, beta).map { $0 * $0 + $1 * $1 })
            #expect(NormBefore.secondMoments(name, inputs: inputs + 1, checkpoint) == nil)
        }
    }
}
