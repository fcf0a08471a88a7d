// SPDX-License-Identifier: MIT

import Kernels
import Tensors
import TestSupport
import Testing

/// Each fast kernel against its specification, over the model's real widths and odd ones.
@Suite("Kernels against their specification")
struct KernelTests {
    /// Rows and widths: the real ones of both towers, and sizes that fill no vector register.
    static let shapes = [(1, 1), (1, 3), (2, 7), (3, 17), (5, 64), (4, 128), (2, 1023), (3, 2048), (1, 8192)]

    /// Numbers that look random and are the same every time, in -scale...scale.
    private func numbers(_ count: Int, seed: UInt64, scale: Float = 2) -> [Float] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (Float(state >> 40) / Float(1 << 23) - 1) * scale
        }
    }

    @Test(arguments: shapes)
    func layerNorm(rows: Int, width: Int) {
        guard width > 1 else { return }
        let (x, gamma, beta) = (numbers(rows * width, seed: 1), numbers(width, seed: 2), numbers(width, seed: 3))
        let fast = Kernels.layerNorm(
            Tensor([rows, width], x), gamma: Tensor([width], gamma), beta: Tensor([width], beta), epsilon: 1e-5)
        let exact = ReferenceKernels.layerNorm(x, gamma: gamma, beta: beta, epsilon: 1e-5)
        #expect(distance(fast.elements, exact).maximum < 1e-5)
    }

    @Test(arguments: shapes)
    func activations(rows: Int, width: Int) {
        let x = numbers(rows * width, seed: 4, scale: 6)
        let (gelu, quick) = (Tensor([rows, width], x), Tensor([rows, width], x))
        Kernels.gelu(gelu)
        Kernels.quickGELU(quick)
        #expect(distance(gelu.elements, ReferenceKernels.gelu(x)).maximum < 2e-6)
        #expect(distance(quick.elements, ReferenceKernels.quickGELU(x)).maximum < 2e-6)
        #expect(distance(gelu.elements, ReferenceKernels.quickGELU(x)).maximum > 1e-3 || width < 3, "they differ")
    }

    @Test(arguments: shapes)
    func normalize(rows: Int, width: Int) {
        let x = numbers(rows * width, seed: 5)
        let fast = Tensor([rows, width], x)
        Kernels.l2Normalize(fast, epsilon: 1e-12)
        #expect(distance(fast.elements, ReferenceKernels.l2Normalize(x, width: width, epsilon: 1e-12)).maximum < 1e-6)
    }

    @Test("a row of zeros stays zeros")
    func normalizeZeros() {
        let zeros = Tensor([1, 8])
        Kernels.l2Normalize(zeros, epsilon: 1e-12)
        #expect(zeros.array == [Float](repeating: 0, count: 8))
    }

    @Test(arguments: [(1, 1, 4, 1), (3, 5, 8, 2), (7, 7, 64, 4), (1, 71, 128, 4), (64, 129, 96, 3), (5, 9, 2048, 32)])
    func attention(rows: Int, length: Int, width: Int, heads: Int) {
        let (q, k, v) = (
            numbers(rows * width, seed: 6), numbers(length * width, seed: 7), numbers(length * width, seed: 8)
        )
        for firstVisible in [length, max(1, length - rows + 1)] {
            let output = Tensor([rows, width])
            let (queries, keys, values) = (
                Tensor([rows, width], q), Tensor([length, width], k), Tensor([length, width], v)
            )
            Kernels.attention(
                queries: queries.pointer, rows: rows, keys: keys.pointer, values: values.pointer, length: length,
                width: width, heads: heads, firstVisible: firstVisible, output: output.pointer)
            let exact = ReferenceKernels.attention(
                queries: q, keys: k, values: v, width: width, heads: heads, firstVisible: firstVisible)
            #expect(distance(output.elements, exact).maximum < 2e-5)
        }
    }

    @Test("products with weights of every stored type", arguments: [ElementType.float32, .float16, .bfloat16])
    func linear(type: ElementType) {
        for (rows, inner, outputs) in [(1, 3, 5), (2, 64, 33), (7, 257, 19), (3, 1024, 1500)] {
            let x = numbers(rows * inner, seed: 9)
            let stored = StoredWeight(numbers(inner * outputs, seed: 10), [outputs, inner], type)
            let bias = StoredWeight(numbers(outputs, seed: 11), [outputs], type)
            let weight = Weight.stored(WeightMatrix(stored.tensor))
            let fast = Linear(weight: weight, bias: bias.tensor)(Tensor([rows, inner], x))
            let exact = ReferenceKernels.linear(
                x, weight: stored.values, bias: bias.values, rows: rows, inner: inner)
            #expect(distance(fast.elements, exact).maximum < 2e-4 * Float(inner).squareRoot())
        }
    }

    @Test("half precision widens exactly, subnormals and infinities included")
    func widening() {
        let patterns: [UInt16] = [0, 1, 0x03FF, 0x0400, 0x3C00, 0x7BFF, 0x7C00, 0x8000, 0x8001, 0xBC00, 0xFC00]
        let stored = StoredWeight(bits: patterns, .float16)
        let expected = patterns.map { Float(Float16(bitPattern: $0)) }
        #expect(Tensor(widening: stored.tensor).array == expected)
    }

    @Test("a product of mismatched shapes names both")
    func mismatch() async {
        await #expect(processExitsWith: .failure) {
            let weight = StoredWeight([Float](repeating: 0, count: 6), [2, 3], .float32)
            _ = WeightMatrix(weight.tensor).product(Tensor([1, 4]))
        }
    }
}
