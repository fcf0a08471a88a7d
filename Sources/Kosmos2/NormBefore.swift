// SPDX-License-Identifier: MIT

package import Checkpoints
internal import Kernels
package import Tensors

/// The LayerNorm whose output a matrix of the text decoder is multiplied with: every one of them has one directly before it.
///
/// It tells, without any data, how much each input of the matrix counts: what a LayerNorm puts out has the mean beta and the
/// variance gamma² in each channel, if the channels behind it are alike.
package enum NormBefore {
    private static let prefix = "text_model.model."
    private static let ofDecoder = ["embed_tokens": "layer_norm"]
    private static let ofLayer = [
        "self_attn.q_proj": "self_attn_layer_norm", "self_attn.k_proj": "self_attn_layer_norm",
        "self_attn.v_proj": "self_attn_layer_norm", "self_attn.out_proj": "self_attn.inner_attn_ln",
        "ffn.fc1": "final_layer_norm", "ffn.fc2": "ffn.ffn_layernorm",
    ]

    /// The name of the norm before `NAME.weight`, without `.weight`; `nil` for what is no matrix of the text decoder.
    package static func name(_ matrix: String) -> String? {
        guard matrix.hasPrefix(prefix), matrix.hasSuffix(".weight") else { return nil }
        let path = matrix.dropFirst(prefix.count).dropLast(".weight".count)
        if let norm = ofDecoder[String(path)] { return prefix + norm }
        let parts = path.split(separator: ".", maxSplits: 2)
        guard parts.count == 3, parts[0] == "layers", let norm = ofLayer[String(parts[2])] else { return nil }
        return "\(prefix)layers.\(parts[1]).\(norm)"
    }

    /// The second moment of each input of that matrix, gamma² + beta²; `nil` where it has no such norm in the checkpoint.
    package static func secondMoments(_ matrix: String, inputs: Int, _ checkpoint: Checkpoint) -> Tensor? {
        guard let norm = name(matrix), let gamma = checkpoint.tensor(norm + ".weight"),
            let beta = checkpoint.tensor(norm + ".bias"), gamma.shape == [inputs], beta.shape == [inputs]
        else { return nil }
        let (moments, means) = (Tensor(widening: gamma), Tensor(widening: beta))
        for index in 0..<inputs {
            let (deviation, mean) = (moments.pointer[index], means.pointer[index])
            moments.pointer[index] = deviation * deviation + mean * mean
        }
        return moments
    }
}
