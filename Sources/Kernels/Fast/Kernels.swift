// SPDX-License-Identifier: MIT

internal import CKernels
public import Tensors

/// The row-wise and element-wise operations of the model on float32 tensors; `ReferenceKernels` says what each means.
public enum Kernels {
    /// The version that this CPU runs: `avx2` or `generic`.
    public static var version: String { String(cString: bw_kernels_version()) }

    /// Sets how many threads the arithmetic uses, for the whole process.
    /// - Precondition: at least one.
    public static func setThreads(_ count: Int) {
        precondition(count > 0, "setThreads: \(count)")
        ThreadTeam.resize(count)
    }

    /// As many elements as make a second thread worth its waking.
    private static let grain = 1 << 13

    /// Layer normalisation of each row of `x` `[..., width]`; gamma and beta `[width]`.
    public static func layerNorm(_ x: Tensor, gamma: Tensor, beta: Tensor, epsilon: Float) -> Tensor {
        let width = x.shape[-1]
        precondition(
            gamma.count == width && beta.count == width,
            "layerNorm: x \(x.shape), gamma \(gamma.shape), beta \(beta.shape)")
        let y = Tensor(x.shape)
        ThreadTeam.split(x.count / width, atLeast: grain / width) { rows in
            let start = rows.lowerBound * width
            bw_layer_norm(
                x.pointer + start, gamma.pointer, beta.pointer, epsilon, rows.count, width, y.pointer + start)
        }
        return y
    }

    /// The exact GELU, in place.
    public static func gelu(_ x: Tensor) {
        ThreadTeam.split(x.count, atLeast: grain) { bw_gelu(x.pointer + $0.lowerBound, $0.count) }
    }

    /// `x · sigmoid(1.702 x)`, in place.
    public static func quickGELU(_ x: Tensor) {
        ThreadTeam.split(x.count, atLeast: grain) { bw_quick_gelu(x.pointer + $0.lowerBound, $0.count) }
    }

    /// Divides each row by its Euclidean length, in place.
    public static func l2Normalize(_ x: Tensor, epsilon: Float) {
        bw_l2_normalize(x.pointer, x.count / x.shape[-1], x.shape[-1], epsilon)
    }

    /// `y += x`, of one shape.
    public static func add(_ x: Tensor, to y: Tensor) {
        precondition(x.shape == y.shape, "add: \(x.shape) to \(y.shape)")
        bw_add(y.pointer, x.pointer, y.count)
    }

    /// Multi-head attention of `rows` queries over `length` keys.
    ///
    /// - Parameters:
    ///   - queries: `[rows, width]`, heads side by side.
    ///   - keys, values: `[length, width]` at least; typically a cache with room for more.
    ///   - firstVisible: query t sees the first `firstVisible + t` keys; `length` or more means all.
    ///   - output: `[rows, width]`; must not alias the inputs.
    public static func attention(
        queries: UnsafePointer<Float>, rows: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, length: Int,
        width: Int, heads: Int, firstVisible: Int, output: UnsafeMutablePointer<Float>
    ) {
        precondition(width % heads == 0 && length > 0, "attention: width \(width), heads \(heads), length \(length)")
        let size = width / heads
        ThreadTeam.split(heads, atLeast: max(1, grain / (rows * length * size))) { heads in
            let scores = Tensor([BW_ATTENTION_QUERIES, length])
            for head in heads {
                let offset = head * size
                bw_attention(
                    queries + offset, rows, keys + offset, values + offset, length, width, size, firstVisible,
                    scores.pointer, output + offset)
            }
        }
    }
}
