// SPDX-License-Identifier: MIT

internal import CKernels
public import Tensors

/// A weight `[N, K]` in few bits, packed for the product's registers.
///
/// Activations are rounded to eight bits, a scale for every 128 of a row, and sums are exact integers: a row of the result
/// has the same bits on every CPU, with any number of threads, and whatever the rows beside it.
public struct QuantizedMatrix {
    public let format: PackedFormat
    /// The number of outputs, N.
    public let outputs: Int
    /// The number of inputs, K.
    public let inputs: Int
    /// `[panels, bytes of a panel]`, U8.
    private let packed: StoredTensor

    /// Outputs that are packed together.
    static let panel = BW_Q8_PANEL

    /// The version of the product that this CPU runs: `avx512vnni`, `avx2` or `generic`.
    public static var version: String { String(cString: bw_q8_version()) }

    /// The shape of the packed bytes of a weight `[outputs, inputs]`.
    public static func packedShape(_ format: PackedFormat, outputs: Int, inputs: Int) -> Shape {
        [(outputs + BW_Q8_PANEL - 1) / BW_Q8_PANEL, format.panelBytes(inputs: inputs)]
    }

    /// - Parameter packed: what ``pack(_:_:into:)`` wrote.
    /// - Precondition: U8 of the packed shape.
    public init(_ format: PackedFormat, packed: StoredTensor, outputs: Int, inputs: Int) {
        precondition(
            packed.elementType == .uint8
                && packed.shape == Self.packedShape(format, outputs: outputs, inputs: inputs),
            "quantized matrix: \(packed.elementType.rawValue) \(packed.shape) for [\(outputs), \(inputs)]")
        self.format = format
        self.packed = packed
        self.outputs = outputs
        self.inputs = inputs
    }

    /// Packs a weight.
    ///
    /// - Parameters:
    ///   - importance: `[K]`, zero or more: how much the error of each input counts, all alike if `nil`. Only four bits leave
    ///     a choice to be made by it.
    ///   - destination: the bytes of the packed shape.
    public static func pack(
        _ weight: WeightMatrix, _ format: PackedFormat, importance: Tensor? = nil,
        into destination: UnsafeMutableRawBufferPointer
    ) {
        let shape = packedShape(format, outputs: weight.outputs, inputs: weight.inputs)
        precondition(destination.count == shape.count, "pack: \(destination.count) bytes for \(shape)")
        precondition(
            importance.map { $0.count == weight.inputs } ?? true,
            "pack: \(weight.inputs) inputs, importance \(importance!.shape)")
        let target = destination.baseAddress!.assumingMemoryBound(to: UInt8.self)
        ThreadTeam.split(shape[0]) { panels in
            let rows = Tensor([BW_Q8_PANEL, weight.inputs])
            for index in panels {
                let first = index * BW_Q8_PANEL
                for row in first..<min(first + BW_Q8_PANEL, weight.outputs) {
                    weight.copyRow(row, to: rows.row(row - first))
                }
                format.pack(
                    rows.pointer, importance: importance.map { UnsafePointer($0.pointer) }, outputs: weight.outputs,
                    inputs: weight.inputs, panel: index, into: target + index * shape[1])
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
            format.multiply(
                activations.bytes, rows: rows, bytes, outputs: outputs, inputs: inputs,
                panels: panels, bias: bias.map { UnsafePointer($0.pointer) }, into: y.pointer)
        }
        return y
    }

    /// The same without a bias, on one thread, by the version of that name; `nil` where this CPU lacks it.
    package func product(_ x: Tensor, version: String) -> Tensor? {
        let rows = x.count / inputs
        let activations = QuantizedRows(x, rows: rows)
        let y = Tensor([rows, outputs])
        let ran = format.multiply(
            version: version, activations.bytes, rows: rows, bytes, outputs: outputs,
            inputs: inputs, panels: packed.shape[0], into: y.pointer)
        return ran ? y : nil
    }

    /// Some of the outputs, where they are.
    /// - Precondition: the range begins with a panel, at a multiple of 16.
    public func outputs(_ range: Range<Int>) -> QuantizedMatrix {
        precondition(
            range.lowerBound % BW_Q8_PANEL == 0 && range.upperBound <= outputs,
            "outputs \(range) of weight [\(outputs), \(inputs)]")
        let panels = range.lowerBound / BW_Q8_PANEL..<(range.upperBound + BW_Q8_PANEL - 1) / BW_Q8_PANEL
        return QuantizedMatrix(format, packed: packed.rows(panels), outputs: range.count, inputs: inputs)
    }

    /// Copies row `index`, as it was rounded, to `destination` (K elements).
    public func copyRow(_ index: Int, to destination: UnsafeMutablePointer<Float>) {
        precondition(index >= 0 && index < outputs, "row \(index) of weight [\(outputs), \(inputs)]")
        format.unpackRow(index, of: bytes, inputs: inputs, to: destination)
    }

    private var bytes: UnsafePointer<UInt8> { packed.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self) }
}

/// Rows of activations in eight bits, packed for the product.
private final class QuantizedRows {
    let bytes: UnsafeMutablePointer<UInt8>

    /// x `[rows, K]`.
    init(_ x: Tensor, rows: Int) {
        let width = x.shape[-1]
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, bw_q8_activation_bytes(rows, width)), alignment: MemoryLayout<Float>.alignment
        ).assumingMemoryBound(to: UInt8.self)
        let block = BW_Q8_ROWS
        // Whole blocks, so that each thread packs blocks as if it were alone.
        ThreadTeam.split((rows + block - 1) / block) { blocks in
            let first = blocks.lowerBound * block
            bw_q8_quantise(
                x.pointer + first * width, min(blocks.upperBound * block, rows) - first, width,
                bytes + bw_q8_activation_bytes(first, width))
        }
        self.bytes = bytes
    }

    deinit {
        bytes.deallocate()
    }
}
