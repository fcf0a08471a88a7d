// SPDX-License-Identifier: MIT

import Kernels
import Tensors
import TestSupport
import Testing

/// Single-precision products: every version against the specification, and rows that do not know of each other.
@Suite("Products with stored weights")
struct ProductTests {
    static let shapes = [
        (1, 1, 1), (2, 15, 3), (3, 16, 4), (5, 17, 7), (6, 33, 9), (7, 588, 16), (8, 64, 5), (13, 2048, 21),
        (71, 130, 31), (3, 1024, 5), (7, 1025, 4), (14, 2050, 6), (133, 40, 5), (270, 1030, 7),
    ]
    /// `generic`, `avx2`, `avx512`.
    static let versions = 0..<3

    private func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 23) - 1
        }
    }

    @Test("Every version is within rounding of the specification", arguments: shapes)
    func exactness(rows: Int, inner: Int, outputs: Int) {
        let (x, w) = (numbers(rows * inner, seed: 1), numbers(inner * outputs, seed: 2))
        let weight = WeightMatrix(StoredWeight(w, [outputs, inner], .float32).tensor)
        let exact = ReferenceKernels.linear(
            x, weight: w, bias: [Float](repeating: 0, count: outputs), rows: rows, inner: inner)
        var tried = 0
        for version in Self.versions {
            guard let y = weight.product(Tensor([rows, inner], x), version: version) else { continue }
            tried += 1
            #expect(distance(y.elements, exact).maximum < 3e-7 * Float(inner).squareRoot() * 4, "version \(version)")
        }
        #expect(tried > 0)
    }

    @Test(
        "A row gives the same bits alone as among others, on one thread as on two",
        arguments: shapes, [ElementType.float32, .bfloat16])
    func rowsAlone(shape: (rows: Int, inner: Int, outputs: Int), type: ElementType) {
        let (rows, inner, outputs) = shape
        let x = Tensor([rows, inner], numbers(rows * inner, seed: 3))
        let stored = StoredWeight(numbers(inner * outputs, seed: 4), [outputs, inner], type)
        let weight = WeightMatrix(stored.tensor)
        Kernels.setThreads(2)
        let together = weight.product(x)
        Kernels.setThreads(1)
        for row in 0..<rows {
            let alone = weight.product(Tensor([1, inner], Array(UnsafeBufferPointer(start: x.row(row), count: inner))))
            #expect(alone.array == Array(UnsafeBufferPointer(start: together.row(row), count: outputs)))
        }
    }

    @Test("Attention gives a query the same bits alone as among others", arguments: [(5, 9, 32, 2), (71, 71, 128, 2)])
    func attentionRowsAlone(rows: Int, length: Int, width: Int, heads: Int) {
        let q = Tensor([rows, width], numbers(rows * width, seed: 5))
        let (k, v) = (
            Tensor([length, width], numbers(length * width, seed: 6)),
            Tensor([length, width], numbers(length * width, seed: 7))
        )
        let (together, alone) = (Tensor([rows, width]), Tensor([rows, width]))
        let firstVisible = length - rows + 1
        func attend(_ row: Int, _ count: Int, _ output: Tensor) {
            Kernels.attention(
                queries: q.row(row), rows: count, keys: k.pointer, values: v.pointer, length: length, width: width,
                heads: heads, firstVisible: firstVisible + row, output: output.row(row))
        }
        attend(0, rows, together)
        for row in 0..<rows { attend(row, 1, alone) }
        #expect(together.array == alone.array)
    }
}
