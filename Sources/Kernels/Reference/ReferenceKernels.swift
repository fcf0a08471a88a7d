// SPDX-License-Identifier: MIT

import Foundation

/// The operations as plain Swift in double precision: the specification that the fast versions are held against.
public enum ReferenceKernels {
    /// `y = x · weightᵀ + bias`: x `[rows, K]`, weight `[N, K]`, bias `[N]` or empty, y `[rows, N]`.
    public static func linear(_ x: [Float], weight: [Float], bias: [Float], rows: Int, inner: Int) -> [Float] {
        let columns = weight.count / inner
        return (0..<rows * columns).map { index in
            let (row, column) = (index / columns, index % columns)
            let dot = (0..<inner).reduce(0.0) { $0 + Double(x[row * inner + $1]) * Double(weight[column * inner + $1]) }
            return Float(dot + (bias.isEmpty ? 0 : Double(bias[column])))
        }
    }

    /// Ba et al. 2016, row by row: x `[rows, width]`, gamma and beta `[width]`.
    public static func layerNorm(_ x: [Float], gamma: [Float], beta: [Float], epsilon: Double) -> [Float] {
        let width = gamma.count
        return rows(x, width) { row in
            let mean = row.reduce(0, +) / Double(width)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            return row.enumerated().map { index, value in
                (value - mean) / (variance + epsilon).squareRoot() * Double(gamma[index]) + Double(beta[index])
            }
        }
    }

    /// `x / 2 · (1 + erf(x / √2))`.
    public static func gelu(_ x: [Float]) -> [Float] {
        x.map { Float(Double($0) / 2 * (1 + erf(Double($0) / 2.0.squareRoot()))) }
    }

    /// `x · sigmoid(1.702 x)`.
    public static func quickGELU(_ x: [Float]) -> [Float] {
        x.map { Float(Double($0) / (1 + exp(-1.702 * Double($0)))) }
    }

    /// Softmax over the first `firstVisible + row` entries of each row; 0 beyond.
    public static func maskedSoftmax(_ x: [Float], width: Int, firstVisible: Int) -> [Float] {
        var index = 0
        return rows(x, width) { row in
            let visible = min(width, firstVisible + index)
            index += 1
            let largest = row.prefix(visible).max() ?? 0
            let powers = row.prefix(visible).map { exp($0 - largest) }
            let sum = powers.reduce(0, +)
            return powers.map { $0 / sum } + [Double](repeating: 0, count: width - visible)
        }
    }

    /// Each row divided by its Euclidean length, or by `epsilon` if that is larger.
    public static func l2Normalize(_ x: [Float], width: Int, epsilon: Double) -> [Float] {
        rows(x, width) { row in
            let length = max(row.reduce(0) { $0 + $1 * $1 }.squareRoot(), epsilon)
            return row.map { $0 / length }
        }
    }

    /// Multi-head attention: queries `[T, D]`, keys and values `[L, D]`, heads side by side in `D`. Query t sees the first
    /// `firstVisible + t` keys.
    public static func attention(
        queries: [Float], keys: [Float], values: [Float], width: Int, heads: Int, firstVisible: Int
    ) -> [Float] {
        let (rows, length, size) = (queries.count / width, keys.count / width, width / heads)
        var output = [Float](repeating: 0, count: queries.count)
        for head in 0..<heads {
            for row in 0..<rows {
                let scores = (0..<length).map { key in
                    (0..<size).reduce(Float(0)) {
                        $0 + queries[row * width + head * size + $1] * keys[key * width + head * size + $1]
                    } / Float(size).squareRoot()
                }
                let weights = maskedSoftmax(scores, width: length, firstVisible: firstVisible + row)
                for column in 0..<size {
                    output[row * width + head * size + column] = (0..<length).reduce(0) {
                        $0 + weights[$1] * values[$1 * width + head * size + column]
                    }
                }
            }
        }
        return output
    }

    private static func rows(_ x: [Float], _ width: Int, _ body: ([Double]) -> [Double]) -> [Float] {
        stride(from: 0, to: x.count, by: width).flatMap { start in
            body(x[start..<start + width].map(Double.init)).map(Float.init)
        }
    }
}
