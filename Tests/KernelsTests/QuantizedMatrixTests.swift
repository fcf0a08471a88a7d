// SPDX-License-Identifier: MIT

import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

/// Packed weights: what they stand for, that every version of the product agrees to the bit, and that rows do not know
/// of each other.
@Suite("Products with packed weights")
struct QuantizedMatrixTests {
    /// Rows, inputs, outputs: the model's real ones in small numbers of rows, and sizes that fill no group or panel.
    static let shapes = [
        (1, 1, 1), (1, 3, 5), (2, 127, 16), (3, 128, 17), (5, 129, 15), (6, 256, 48), (7, 588, 33), (13, 2048, 40),
        (1, 8192, 16), (71, 130, 31),
    ]

    private func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (Float(state >> 40) / Float(1 << 23) - 1) * 2
        }
    }

    private func matrix(_ weight: StoredWeight, _ format: PackedFormat) -> QuantizedMatrix {
        let stored = WeightMatrix(weight.tensor)
        let shape = QuantizedMatrix.packedShape(format, outputs: stored.outputs, inputs: stored.inputs)
        var bytes = [UInt8](repeating: 0xAA, count: shape.count)
        bytes.withUnsafeMutableBytes { QuantizedMatrix.pack(stored, format, into: $0) }
        return QuantizedMatrix(
            format, packed: StoredWeight(bytes, shape).tensor, outputs: stored.outputs, inputs: stored.inputs)
    }

    @Test("A packed weight is the rounded one, row by row", arguments: shapes, PackedFormat.allCases)
    func rounding(shape: (rows: Int, inner: Int, outputs: Int), format: PackedFormat) {
        let (_, inner, outputs) = shape
        let weight = StoredWeight(numbers(inner * outputs, seed: 1), [outputs, inner], .float32)
        let packed = matrix(weight, format)
        let row = Tensor([inner])
        for output in 0..<outputs {
            packed.copyRow(output, to: row.pointer)
            for start in stride(from: 0, to: inner, by: format.group) {
                let group = start..<min(start + format.group, inner)
                let largest = group.map { abs(weight.values[output * inner + $0]) }.max()!
                let worst = group.map { abs(row.pointer[$0] - weight.values[output * inner + $0]) }.max()!
                // Half a step; with four bits the extreme may be cut off for the sake of the rest.
                #expect(worst <= largest * (format == .eightBits ? 0.5001 / 127 : 0.2))
            }
        }
    }

    /// Each row's groups of 128 as eight bits leave them.
    private func rounded(_ x: [Float], width: Int) -> [Float] {
        x.indices.map { index in
            let (row, column) = (index / width * width, index % width)
            let group = column / 128 * 128
            let largest = (group..<min(group + 128, width)).map { abs(x[row + $0]) }.max()!
            return largest > 0 ? (x[index] * (127 / largest)).rounded(.toNearestOrEven) * (largest / 127) : 0
        }
    }

    @Test(
        "A product is the specification's with rounded weights and activations", arguments: shapes,
        PackedFormat.allCases)
    func product(shape: (rows: Int, inner: Int, outputs: Int), format: PackedFormat) {
        let (rows, inner, outputs) = shape
        let x = numbers(rows * inner, seed: 2)
        let packed = matrix(StoredWeight(numbers(inner * outputs, seed: 3), [outputs, inner], .float32), format)
        let bias = numbers(outputs, seed: 4)
        let rounded = Tensor([outputs, inner])
        for output in 0..<outputs { packed.copyRow(output, to: rounded.row(output)) }
        let exact = ReferenceKernels.linear(
            self.rounded(x, width: inner), weight: rounded.array, bias: bias, rows: rows, inner: inner)
        let y = packed.product(Tensor([rows, inner], x), bias: Tensor([outputs], bias))
        #expect(distance(y.elements, exact).maximum < 1e-5 * Float(inner).squareRoot() + 1e-5)
    }

    @Test("Every version gives the same bits", arguments: shapes, PackedFormat.allCases)
    func versions(shape: (rows: Int, inner: Int, outputs: Int), format: PackedFormat) {
        let (rows, inner, outputs) = shape
        let x = Tensor([rows, inner], numbers(rows * inner, seed: 5))
        let packed = matrix(StoredWeight(numbers(inner * outputs, seed: 6), [outputs, inner], .float32), format)
        let y = packed.product(x).array
        var tried: [String] = []
        for version in ["generic", "avx2", "avx512vnni"] {
            guard let other = packed.product(x, version: version) else { continue }
            tried.append(version)
            #expect(other.array == y, "\(version)")
        }
        #expect(tried.contains("generic") && tried.contains(QuantizedMatrix.version))
    }

    @Test(
        "A row gives the same bits alone as among others, on one thread as on two", arguments: shapes,
        PackedFormat.allCases)
    func rowsAlone(shape: (rows: Int, inner: Int, outputs: Int), format: PackedFormat) {
        let (rows, inner, outputs) = shape
        let x = Tensor([rows, inner], numbers(rows * inner, seed: 7))
        let packed = matrix(StoredWeight(numbers(inner * outputs, seed: 8), [outputs, inner], .float32), format)
        Kernels.setThreads(2)
        let together = packed.product(x)
        Kernels.setThreads(1)
        for row in 0..<rows {
            let alone = packed.product(Tensor([1, inner], Array(UnsafeBufferPointer(start: x.row(row), count: inner))))
            #expect(alone.array == Array(UnsafeBufferPointer(start: together.row(row), count: outputs)))
        }
    }

    @Test("Extremes: the largest sums fit, zeros stay zeros", arguments: PackedFormat.allCases)
    func extremes(format: PackedFormat) {
        let (inner, outputs) = (1024, 16)
        let weight = StoredWeight([Float](repeating: -3, count: inner * outputs), [outputs, inner], .float32)
        let x = Tensor([2, inner], [Float](repeating: 1e6, count: inner) + [Float](repeating: 0, count: inner))
        let y = matrix(weight, format).product(x)
        for column in 0..<outputs {
            #expect(abs(y.row(0)[column] / -3.072e9 - 1) < (format == .eightBits ? 1e-4 : 1e-3))
            #expect(y.row(1)[column] == 0)
        }
        let tiny = Tensor([1, inner], [Float](repeating: 1e-38, count: inner))
        #expect(matrix(weight, format).product(tiny).array == [Float](repeating: 0, count: outputs))
        let zeros = matrix(
            StoredWeight([Float](repeating: 0, count: inner * outputs), [outputs, inner], .float32), format)
        #expect(zeros.product(x).array == [Float](repeating: 0, count: 2 * outputs))
    }

    @Test("Half-precision weights are packed as their widened values", arguments: PackedFormat.allCases)
    func halves(format: PackedFormat) {
        let values = numbers(64 * 130, seed: 9)
        let half = StoredWeight(values, [64, 130], .bfloat16)
        let widened = StoredWeight(half.values, [64, 130], .float32)
        let x = Tensor([3, 130], numbers(390, seed: 10))
        #expect(matrix(half, format).product(x).array == matrix(widened, format).product(x).array)
    }

    @Test("Some outputs alone have the bits that they have among all", arguments: [0, 1, 16, 30, 32, 49])
    func someOutputs(first: Int) {
        let (rows, inner, outputs) = (9, 130, 50)
        let x = Tensor([rows, inner], numbers(rows * inner, seed: 11))
        let stored = StoredWeight(numbers(inner * outputs, seed: 12), [outputs, inner], .float32)
        let packed = PackedFormat.allCases.map { Weight.quantized(matrix(stored, $0)) }
        for weight in packed + [.stored(WeightMatrix(stored.tensor))] {
            let (all, last) = (weight.product(x), weight.outputs(from: first))
            #expect((outputs - first..<outputs - first + 16).contains(last.outputs))
            let some = last.product(x)
            for row in 0..<rows {
                let expected = UnsafeBufferPointer(start: all.row(row), count: outputs).suffix(last.outputs)
                #expect(Array(UnsafeBufferPointer(start: some.row(row), count: last.outputs)) == Array(expected))
            }
        }
    }
}
