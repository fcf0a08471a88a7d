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

    /// The largest panel of widened weights, in elements: 1 MiB, which stays in a core's cache while it is used.
    private static let panelElements = 1 << 18

    /// - Precondition: rank 2 or more (inner axes are one), F32, F16 or BF16.
    public init(_ stored: StoredTensor) {
        precondition(
            stored.shape.rank >= 2 && [.float32, .float16, .bfloat16].contains(stored.elementType),
            "weight matrix: \(stored.elementType.rawValue) \(stored.shape)")
        self.stored = stored
    }

    /// `y = x · weightᵀ`: x `[rows, K]`, result `[rows, N]`.
    ///
    /// A row of the result has the same bits whatever the rows beside it and the number of threads.
    public func product(_ x: Tensor) -> Tensor {
        precondition(x.shape[-1] == inputs, "product: x \(x.shape), weight \(stored.shape)")
        let rows = PackedRows(x, version: Int(bw_f32_best()))
        let y = Tensor([rows.count, outputs])
        ThreadTeam.split(outputs) { outputs in
            if let weight = mappedFloats {
                multiply(rows, weight + outputs.lowerBound * inputs, outputs, into: y)
            } else {
                multiplyWidened(rows, outputs, into: y)
            }
        }
        return y
    }

    /// The same by the version of that number, on one thread; `nil` where this CPU lacks it.
    package func product(_ x: Tensor, version: Int) -> Tensor? {
        guard let weight = mappedFloats, bw_f32_runs(Int32(version)) != 0 else { return nil }
        let rows = PackedRows(x, version: version)
        let y = Tensor([rows.count, outputs])
        multiply(rows, weight, 0..<outputs, into: y)
        return y
    }

    /// Some of the outputs, where they are.
    public func outputs(_ range: Range<Int>) -> WeightMatrix { WeightMatrix(stored.rows(range)) }

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

    private func multiplyWidened(_ rows: PackedRows, _ outputs: Range<Int>, into y: Tensor) {
        let step = max(1, min(outputs.count, Self.panelElements / inputs))
        let panel = Tensor([step, inputs])
        for start in stride(from: outputs.lowerBound, to: outputs.upperBound, by: step) {
            let part = start..<min(start + step, outputs.upperBound)
            widen(rows: part, into: panel.pointer)
            multiply(rows, panel.pointer, part, into: y)
        }
    }

    private func multiply(
        _ rows: PackedRows, _ weight: UnsafePointer<Float>, _ outputs: Range<Int>, into y: Tensor
    ) {
        bw_f32_product(
            Int32(rows.version), rows.values.pointer, rows.count, weight, outputs.count, inputs, y.shape[1],
            y.pointer + outputs.lowerBound)
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

/// Activations `[rows, K]`, packed for one version of the product.
private struct PackedRows {
    let values: Tensor
    let count: Int
    let version: Int

    init(_ x: Tensor, version: Int) {
        let width = x.shape[-1]
        count = x.count / width
        values = Tensor([bw_f32_packed(count, width)])
        self.version = version
        bw_f32_pack(Int32(version), x.pointer, count, width, values.pointer)
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
