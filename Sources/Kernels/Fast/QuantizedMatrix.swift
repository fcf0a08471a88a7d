// SPDX-License-Identifier: MIT

internal import CKernels
public import Tensors

/// A weight `[N, K]` in eight bits and a scale for every 128 inputs of an output, packed for the product's registers.
///
/// Activations are rounded to sixteen bits, a scale for each row, and sums are exact integers: a row of the result has the
/// same bits on every CPU, with any number of threads, and whatever the rows beside it. `q8.h` has the layout.
public struct QuantizedMatrix {
    /// The number of outputs, N.
    public let outputs: Int
    /// The number of inputs, K.
    public let inputs: Int
    /// `[panels, bytes of a panel]`, U8.
    private let packed: StoredTensor

    /// How many inputs of an output share a scale.
    package static let group = BW_Q8_GROUP

    /// The version of the product that this CPU runs: `avx512vnni`, `avx2` or `generic`.
    public static var version: String { String(cString: bw_q8_version()) }

    /// The shape of the packed bytes of a weight `[outputs, inputs]`.
    public static func packedShape(outputs: Int, inputs: Int) -> Shape {
        let panel = BW_Q8_PANEL
        return [(outputs + panel - 1) / panel, bw_q8_panel_bytes(inputs)]
    }

    /// - Parameter packed: what ``pack(_:into:)`` wrote.
    /// - Precondition: U8 of ``packedShape(outputs:inputs:)``.
    public init(packed: StoredTensor, outputs: Int, inputs: Int) {
        precondition(
            packed.elementType == .uint8 && packed.shape == Self.packedShape(outputs: outputs, inputs: inputs),
            "quantized matrix: \(packed.elementType.rawValue) \(packed.shape) for [\(outputs), \(inputs)]")
        self.packed = packed
        self.outputs = outputs
        self.inputs = inputs
    }

    /// Packs a weight; `destination` has the bytes of its packed shape.
    public static func pack(_ weight: WeightMatrix, into destination: UnsafeMutableRawBufferPointer) {
        let shape = packedShape(outputs: weight.outputs, inputs: weight.inputs)
        precondition(destination.count == shape.count, "pack: \(destination.count) bytes for \(shape)")
        let (panel, bytes) = (BW_Q8_PANEL, shape[1])
        let target = destination.baseAddress!.assumingMemoryBound(to: UInt8.self)
        ThreadTeam.split(shape[0]) { panels in
            let rows = Tensor([panel, weight.inputs])
            for index in panels {
                let first = index * panel
                for row in first..<min(first + panel, weight.outputs) {
                    weight.copyRow(row, to: rows.row(row - first))
                }
                bw_q8_pack(
                    rows.pointer, weight.outputs, weight.inputs, index, 1, target + index * bytes)
            }
        }
    }

    /// `y = x · weightᵀ + bias`: x `[rows, K]`, bias `[N]` or none, result `[rows, N]`.
    public func product(_ x: Tensor, bias: Tensor? = nil) -> Tensor {
        precondition(x.shape[-1] == inputs, "product: x \(x.shape), weight [\(outputs), \(inputs)]")
        let rows = x.count / inputs
        let activations = QuantizedRows(x, rows: rows)
        let y = Tensor([rows, outputs])
        ThreadTeam.split(packed.shape[0]) { panels in
            bw_q8_product(
                activations.values, activations.scales.pointer, rows,
                packed.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), outputs, inputs, panels.lowerBound,
                panels.count, bias?.pointer, y.pointer)
        }
        return y
    }

    /// The same without a bias, on one thread, by the version of that name; `nil` where this CPU lacks it.
    package func product(_ x: Tensor, version: String) -> Tensor? {
        let rows = x.count / inputs
        let activations = QuantizedRows(x, rows: rows)
        let y = Tensor([rows, outputs])
        let ran = bw_q8_product_version(
            version, activations.values, activations.scales.pointer, rows,
            packed.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), outputs, inputs, 0, packed.shape[0], nil,
            y.pointer)
        return ran == 1 ? y : nil
    }

    /// Copies row `index`, as it was rounded, to `destination` (K elements).
    public func copyRow(_ index: Int, to destination: UnsafeMutablePointer<Float>) {
        precondition(index >= 0 && index < outputs, "row \(index) of weight [\(outputs), \(inputs)]")
        bw_q8_unpack_row(packed.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), inputs, index, destination)
    }
}

/// Rows of activations in sixteen bits, packed for the product.
private final class QuantizedRows {
    let values: UnsafeMutablePointer<Int16>
    let scales: Tensor

    /// x `[rows, K]`.
    init(_ x: Tensor, rows: Int) {
        let (width, padded) = (x.shape[-1], bw_q8_padded(x.shape[-1]))
        let values = UnsafeMutablePointer<Int16>.allocate(capacity: max(1, rows * padded))
        let scales = Tensor([rows])
        let block = BW_Q8_ROWS
        // Whole blocks, so that each thread packs blocks as if it were alone.
        ThreadTeam.split((rows + block - 1) / block) { blocks in
            let first = blocks.lowerBound * block
            bw_q8_quantise(
                x.pointer + first * width, min(blocks.upperBound * block, rows) - first, width,
                values + first * padded, scales.pointer + first)
        }
        self.values = values
        self.scales = scales
    }

    deinit {
        values.deallocate()
    }
}
