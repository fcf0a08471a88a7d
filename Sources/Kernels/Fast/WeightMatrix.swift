// SPDX-License-Identifier: MIT

internal import CKernels
public import Tensors

/// A stored weight `[N, K]` that rows are multiplied with.
///
/// Float32 weights are used where they are mapped. Half-precision ones are widened a panel of rows at a time into one
/// reused buffer: there is never a second whole copy of a weight in memory.
public struct WeightMatrix {
    private let stored: StoredTensor

    /// The number of outputs, N.
    public var outputs: Int { stored.shape[0] }
    /// The number of inputs, K.
    public var inputs: Int { stored.shape.count / max(1, stored.shape[0]) }

    /// The largest panel, in elements: 4 MiB, which stays in the cache while it is used.
    private static let panelElements = 1 << 20

    /// - Precondition: rank 2 or more (inner axes are one), F32, F16 or BF16.
    public init(_ stored: StoredTensor) {
        precondition(
            stored.shape.rank >= 2 && [.float32, .float16, .bfloat16].contains(stored.elementType),
            "weight matrix: \(stored.elementType.rawValue) \(stored.shape)")
        self.stored = stored
    }

    /// `y = x · weightᵀ`: x `[rows, K]`, result `[rows, N]`.
    public func product(_ x: Tensor) -> Tensor {
        precondition(x.shape[-1] == inputs, "product: x \(x.shape), weight \(stored.shape)")
        let rows = x.count / inputs
        let y = Tensor([rows, outputs])
        if let weight = mappedFloats {
            multiply(x, rows: rows, weight, panel: 0..<outputs, into: y)
            return y
        }
        let step = max(1, min(outputs, Self.panelElements / inputs))
        let panel = Tensor([step, inputs])
        for start in stride(from: 0, to: outputs, by: step) {
            let end = min(start + step, outputs)
            widen(rows: start..<end, into: panel.pointer)
            multiply(x, rows: rows, panel.pointer, panel: start..<end, into: y)
        }
        return y
    }

    /// Copies row `index`, widened, to `destination` (K elements).
    public func copyRow(_ index: Int, to destination: UnsafeMutablePointer<Float>) {
        precondition(index >= 0 && index < outputs, "row \(index) of weight \(stored.shape)")
        widen(rows: index..<index + 1, into: destination)
    }

    /// The elements in place, if they are aligned float32.
    private var mappedFloats: UnsafePointer<Float>? {
        guard stored.elementType == .float32, let base = stored.bytes.baseAddress,
            UInt(bitPattern: base) % UInt(MemoryLayout<Float>.alignment) == 0
        else { return nil }
        return base.assumingMemoryBound(to: Float.self)
    }

    private func multiply(
        _ x: Tensor, rows: Int, _ weight: UnsafePointer<Float>, panel: Range<Int>, into y: Tensor
    ) {
        GEMM.timesTransposed(
            x.pointer, lda: inputs, weight, ldb: inputs, y.pointer + panel.lowerBound, ldc: outputs, m: rows,
            n: panel.count, k: inputs)
    }

    private func widen(rows: Range<Int>, into destination: UnsafeMutablePointer<Float>) {
        let count = rows.count * inputs
        let offset = rows.lowerBound * inputs * stored.elementType.byteCount
        guard let source = stored.bytes.baseAddress?.advanced(by: offset) else { return }
        switch stored.elementType {
        case .bfloat16: bw_widen_bf16(source, count, destination)
        case .float16: bw_widen_f16(source, count, destination)
        default: UnsafeMutableRawPointer(destination).copyMemory(from: source, byteCount: count * 4)
        }
    }
}

/// `y = x · weightᵀ + bias`.
public struct Linear {
    private let weight: WeightMatrix
    private let bias: Tensor

    /// - Parameters:
    ///   - weight: `[N, K]`, stored; bias: `[N]`.
    public init(weight: StoredTensor, bias: StoredTensor) {
        self.weight = WeightMatrix(weight)
        self.bias = Tensor(widening: bias)
        precondition(self.bias.count == self.weight.outputs, "linear: weight \(weight.shape), bias \(bias.shape)")
    }

    /// x `[rows, K]`, result `[rows, N]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y = weight.product(x)
        bw_add_row(y.pointer, bias.pointer, y.shape[0], y.shape[1])
        return y
    }
}

extension Tensor {
    /// A float32 copy of a stored tensor of any floating-point type: for biases, norms and other small weights.
    public convenience init(widening stored: StoredTensor) {
        self.init(stored.shape)
        let matrix = WeightMatrix(stored.asMatrix)
        for row in 0..<matrix.outputs { matrix.copyRow(row, to: pointer + row * matrix.inputs) }
    }
}

extension StoredTensor {
    /// The same bytes with at least two axes.
    fileprivate var asMatrix: StoredTensor {
        shape.rank >= 2 ? self : reshaped([1, shape.count])
    }
}
