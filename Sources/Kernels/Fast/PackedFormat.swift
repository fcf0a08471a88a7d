// SPDX-License-Identifier: MIT

internal import CKernels

/// How the weights of a ``QuantizedMatrix`` are rounded and laid out. `q8.h` and `q4.h` have the layouts.
public enum PackedFormat: Sendable, Hashable, CaseIterable {
    /// Eight bits, and a scale for every 128 inputs of an output: 8.25 bits a weight.
    case eightBits
    /// One of 16 uneven levels, and the scale of least error for every 32 inputs of an output: 4.5 bits a weight.
    case fourBits

    /// How many inputs of an output share a scale.
    package var group: Int {
        switch self {
        case .eightBits: BW_Q8_GROUP
        case .fourBits: BW_Q4_GROUP
        }
    }

    /// Bytes of 16 outputs.
    func panelBytes(inputs: Int) -> Int {
        switch self {
        case .eightBits: bw_q8_panel_bytes(inputs)
        case .fourBits: bw_q4_panel_bytes(inputs)
        }
    }

    typealias Bytes = UnsafePointer<UInt8>
    typealias MutableBytes = UnsafeMutablePointer<UInt8>

    /// Packs panel `index` of a weight with so many outputs from its float32 rows.
    func pack(
        _ rows: UnsafePointer<Float>, importance: UnsafePointer<Float>?, outputs: Int, inputs: Int, panel index: Int,
        into packed: MutableBytes
    ) {
        switch self {
        case .eightBits: bw_q8_pack(rows, outputs, inputs, index, 1, packed)
        case .fourBits: bw_q4_pack(rows, importance, outputs, inputs, index, 1, packed)
        }
    }

    func unpackRow(_ row: Int, of packed: Bytes, inputs: Int, to x: UnsafeMutablePointer<Float>) {
        switch self {
        case .eightBits: bw_q8_unpack_row(packed, inputs, row, x)
        case .fourBits: bw_q4_unpack_row(packed, inputs, row, x)
        }
    }

    /// One part of a product: its panels of every row.
    func multiply(
        _ x: Bytes, rows: Int, _ packed: Bytes, outputs: Int, inputs: Int,
        panels: Range<Int>, bias: UnsafePointer<Float>?, into y: UnsafeMutablePointer<Float>
    ) {
        let product = self == .eightBits ? bw_q8_product : bw_q4_product
        product(x, rows, packed, outputs, inputs, panels.lowerBound, panels.count, bias, y)
    }

    /// The whole of a product by the version of that name; false where this CPU lacks it.
    func multiply(
        version: String, _ x: Bytes, rows: Int, _ packed: Bytes, outputs: Int, inputs: Int, panels: Int,
        into y: UnsafeMutablePointer<Float>
    ) -> Bool {
        let product = self == .eightBits ? bw_q8_product_version : bw_q4_product_version
        return product(version, x, rows, packed, outputs, inputs, 0, panels, nil, y) == 1
    }
}
