// SPDX-License-Identifier: MIT

internal import CKernels
public import Tensors

/// A weight `[N, K]` in one of the precisions that products are computed in.
public enum Weight {
    case stored(WeightMatrix)
    case quantized(QuantizedMatrix)

    public var outputs: Int {
        switch self {
        case .stored(let matrix): matrix.outputs
        case .quantized(let matrix): matrix.outputs
        }
    }

    /// `y = x · weightᵀ`: x `[rows, K]`, result `[rows, N]`.
    public func product(_ x: Tensor) -> Tensor {
        switch self {
        case .stored(let matrix): matrix.product(x)
        case .quantized(let matrix): matrix.product(x)
        }
    }

    /// The outputs from `first` on, or from a little before it where they are packed together.
    public func outputs(from first: Int) -> Weight {
        switch self {
        case .stored(let matrix): .stored(matrix.outputs(first..<outputs))
        case .quantized(let matrix):
            .quantized(matrix.outputs(first / QuantizedMatrix.panel * QuantizedMatrix.panel..<outputs))
        }
    }

    /// Copies row `index`, widened, to `destination` (K elements).
    public func copyRow(_ index: Int, to destination: UnsafeMutablePointer<Float>) {
        switch self {
        case .stored(let matrix): matrix.copyRow(index, to: destination)
        case .quantized(let matrix): matrix.copyRow(index, to: destination)
        }
    }
}

/// `y = x · weightᵀ + bias`.
public struct Linear {
    private let weight: Weight
    private let bias: Tensor

    /// - Parameters:
    ///   - weight: `[N, K]`; bias: `[N]`, stored.
    public init(weight: Weight, bias: StoredTensor) {
        self.weight = weight
        self.bias = Tensor(widening: bias)
        precondition(self.bias.count == weight.outputs, "linear: \(weight.outputs) outputs, bias \(bias.shape)")
    }

    /// x `[rows, K]`, result `[rows, N]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch weight {
        case .stored(let matrix):
            let y = matrix.product(x)
            bw_add_row(y.pointer, bias.pointer, y.shape[0], y.shape[1])
            return y
        case .quantized(let matrix):
            return matrix.product(x, bias: bias)
        }
    }
}
