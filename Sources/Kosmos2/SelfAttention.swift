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

    /// queries `[T, D]` look at memory `[L, D]`; result `[T, D]`.
    func callAsFunction(queries: Tensor, memory: Tensor) -> Tensor {
        let (q, k, v) = (q(queries), k(memory), v(memory))
        let mixed = Tensor(q.shape)
        Kernels.attention(
            queries: q.pointer, rows: q.shape[0], keys: k.pointer, values: v.pointer, length: k.shape[0],
            width: q.shape[1], heads: heads, firstVisible: k.shape[0], output: mixed.pointer)
        return out(mixed)
    }
}
