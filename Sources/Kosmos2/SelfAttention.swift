// SPDX-License-Identifier: MIT

internal import Checkpoints
internal import Kernels
internal import Tensors

/// Multi-head attention without a mask, its four projections biased: the vision tower's and the connector's.
struct SelfAttention {
    private let heads: Int
    private let q: Linear
    private let k: Linear
    private let v: Linear
    private let out: Linear

    init(_ prefix: String, width: Int, heads: Int, _ weights: inout Weights) throws(CheckpointError) {
        self.heads = heads
        q = try weights.linear(prefix + "q_proj", inputs: width, outputs: width)
        k = try weights.linear(prefix + "k_proj", inputs: width, outputs: width)
        v = try weights.linear(prefix + "v_proj", inputs: width, outputs: width)
        out = try weights.linear(prefix + "out_proj", inputs: width, outputs: width)
    }

    /// Each of several sequences by itself, their rows one after another: queries `[sequences * T, D]` look at their own
    /// sequence's part of memory `[sequences * L, D]`; result `[sequences * T, D]`.
    func callAsFunction(queries: Tensor, memory: Tensor, sequences: Int) -> Tensor {
        let (q, k, v) = (q(queries), k(memory), v(memory))
        let mixed = Tensor(q.shape)
        let (rows, length) = (q.shape[0] / sequences, k.shape[0] / sequences)
        for index in 0..<sequences {
            Kernels.attention(
                queries: q.row(index * rows), rows: rows, keys: k.row(index * length), values: v.row(index * length),
                length: length, width: q.shape[1], heads: heads, firstVisible: length, output: mixed.row(index * rows))
        }
        return out(mixed)
    }
}
