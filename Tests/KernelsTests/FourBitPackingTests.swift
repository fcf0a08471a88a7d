// SPDX-License-Identifier: MIT

import Kernels
import Tensors
import Testing

/// What four bits make of weights: how far off they are, and what the importance of inputs changes.
@Suite("Packing in four bits")
struct FourBitPackingTests {
    /// Outputs and inputs; inputs that fill their groups and ones that do not.
    static let shapes = [(16, 128), (33, 130), (5, 31), (48, 1024)]
    /// The ends of the levels that a code stands for, and one between them.
    private static let levels: [Float] = [-127, 105, -9, 64]

    /// Roughly normal, as trained weights are.
    private func weights(_ count: Int, seed: UInt64) -> [Float] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        return (0..<count).map { _ in
            (0..<12).reduce(into: Float(-6)) { sum, _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                sum += Float(state >> 40) / Float(1 << 24)
            }
        }
    }

    private func unpacked(_ values: [Float], _ shape: (outputs: Int, inputs: Int), importance: [Float]? = nil)
        -> [Float]
    {
        let stored = WeightMatrix(StoredWeight(values, [shape.outputs, shape.inputs], .float32).tensor)
        let packedShape = QuantizedMatrix.packedShape(.fourBits, outputs: shape.outputs, inputs: shape.inputs)
        var bytes = [UInt8](repeating: 0xAA, count: packedShape.count)
        bytes.withUnsafeMutableBytes {
            QuantizedMatrix.pack(stored, .fourBits, importance: importance.map { Tensor([shape.inputs], $0) }, into: $0)
        }
        let matrix = QuantizedMatrix(
            .fourBits, packed: StoredWeight(bytes, packedShape).tensor, outputs: shape.outputs, inputs: shape.inputs)
        let rows = Tensor([shape.outputs, shape.inputs])
        for row in 0..<shape.outputs { matrix.copyRow(row, to: rows.row(row)) }
        return rows.array
    }

    /// The squared error, that of each input times its importance.
    private func error(_ a: [Float], _ b: [Float], importance: [Float]) -> Float {
        a.indices.reduce(0) { $0 + importance[$1 % importance.count] * (a[$1] - b[$1]) * (a[$1] - b[$1]) }
    }

    /// The least squared error of even steps, -8...7 times a scale of either sign, over many scales.
    private func evenError(_ group: ArraySlice<Float>) -> Float {
        let extreme = group.max { abs($0) < abs($1) }!
        return (0..<60).map { step -> Float in
            let scale = extreme / (step % 2 == 0 ? -1 : 1) / (6 + 0.1 * Float(step / 2))
            return group.reduce(0) { sum, weight in
                let rounded = min(max((weight / scale).rounded(), -8), 7) * scale
                return sum + (weight - rounded) * (weight - rounded)
            }
        }.min()!
    }

    @Test("Uneven levels are nearer to normal weights than even ones", arguments: [(16, 128), (48, 1024)])
    func levels(shape: (outputs: Int, inputs: Int)) {
        let values = weights(shape.outputs * shape.inputs, seed: 1)
        let even = stride(from: 0, to: values.count, by: PackedFormat.fourBits.group).reduce(Float(0)) {
            $0 + evenError(values[$1..<$1 + PackedFormat.fourBits.group])
        }
        let uneven = error(values, unpacked(values, shape), importance: [1])
        #expect(uneven < 0.87 * even)
        // The best that a scale and 16 levels do with groups of 32: 0.073 of a standard deviation.
        #expect((uneven / Float(values.count)).squareRoot() < 0.077)
    }

    @Test("Importance lowers the error that it weighs, at the price of the plain one", arguments: shapes)
    func importance(shape: (outputs: Int, inputs: Int)) {
        let values = weights(shape.outputs * shape.inputs, seed: 2)
        let importance = (0..<shape.inputs).map { $0 % 7 == 0 ? Float(9) : 0.2 }
        let (plain, weighted) = (unpacked(values, shape), unpacked(values, shape, importance: importance))
        #expect(error(values, weighted, importance: importance) < 0.95 * error(values, plain, importance: importance))
        #expect(error(values, weighted, importance: [1]) > error(values, plain, importance: [1]))
    }

    @Test("The same importance for all inputs changes nothing", arguments: shapes)
    func evenImportance(shape: (outputs: Int, inputs: Int)) {
        let values = weights(shape.outputs * shape.inputs, seed: 3)
        let importance = [Float](repeating: 4, count: shape.inputs)
        #expect(unpacked(values, shape, importance: importance) == unpacked(values, shape))
    }

    @Test(
        "Weights that are levels times a scale come back to the bit", arguments: [(16, 128), (5, 31), (48, 1024)],
        [0.5, -0.25, 0.0009765625] as [Float])
    func exact(shape: (outputs: Int, inputs: Int), scale: Float) {
        let values = (0..<shape.outputs * shape.inputs).map { index in
            let (row, column) = (index / shape.inputs, index % shape.inputs)
            let isFirst = column % PackedFormat.fourBits.group == 0
            return scale * (isFirst ? -127 : Self.levels[(row + column * 7 / 3) % Self.levels.count])
        }
        let back = unpacked(values, shape)
        #expect(zip(back, values).allSatisfy { $0 == $1 })
    }

    @Test("An input that does not count does not spoil its group")
    func uncounted() {
        var (values, importance) = (weights(16 * 128, seed: 4), [Float](repeating: 1, count: 128))
        let clean = values
        for row in 0..<16 { values[row * 128 + 5] = 1000 }
        importance[5] = 0
        let (spoilt, kept) = (unpacked(values, (16, 128)), unpacked(values, (16, 128), importance: importance))
        let reference = error(clean, unpacked(clean, (16, 128)), importance: importance)
        #expect(error(values, kept, importance: importance) < 1.1 * reference)
        #expect(error(values, spoilt, importance: importance) > 10 * reference)
    }
}
