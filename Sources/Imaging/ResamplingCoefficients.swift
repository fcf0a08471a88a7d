// SPDX-License-Identifier: MIT

/// The fixed-point weights of one axis of a bicubic resize.
///
/// The arithmetic is Pillow's, rounding by rounding, so that resized bytes are equal: weights are made in double
/// precision, normalised to sum 1, and rounded to 22-bit fixed point. When shrinking, the filter widens by the scale,
/// so that every source pixel counts (antialiasing).
/// Source: Pillow, Resample.c, `precompute_coeffs` and `normalize_coeffs_8bpc`.
struct ResamplingCoefficients {
    /// 32 bits, less 8 for the sample and 2 for the filter's overshoot.
    static let precisionBits = 32 - 8 - 2

    /// How far a bicubic filter reaches, in pixels of the coarser picture.
    private static let filterSupport = 2.0

    /// For each output sample, the first input sample it is made of.
    let starts: [Int]
    /// For each output sample, how many input samples it is made of.
    let counts: [Int]
    /// `[outputs, stride]`, zero after each count.
    let weights: [Int32]
    let stride: Int

    /// - Precondition: both sizes are at least 1.
    init(inputSize: Int, outputSize: Int) {
        precondition(inputSize > 0 && outputSize > 0, "resampling: \(inputSize) samples to \(outputSize)")
        let scale = Double(inputSize) / Double(outputSize)
        let filterScale = max(scale, 1)
        let support = Self.filterSupport * filterScale
        stride = Int(support.rounded(.up)) * 2 + 1
        var starts = [Int]()
        var counts = [Int]()
        var weights = [Int32](repeating: 0, count: outputSize * stride)
        for output in 0..<outputSize {
            let center = (Double(output) + 0.5) * scale
            let first = max(0, Int(center - support + 0.5))
            let end = min(inputSize, Int(center + support + 0.5))
            let reach = (first..<end).map { Self.bicubic((Double($0) - center + 0.5) * (1 / filterScale)) }
            let sum = reach.reduce(0, +)
            for (index, weight) in reach.enumerated() {
                weights[output * stride + index] = Self.fixedPoint(sum == 0 ? weight : weight / sum)
            }
            starts.append(first)
            counts.append(reach.count)
        }
        (self.starts, self.counts, self.weights) = (starts, counts, weights)
    }

    /// Keys' cubic convolution with a = -0.5.
    private static func bicubic(_ distance: Double) -> Double {
        let a = -0.5
        let x = abs(distance)
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
        return 0
    }

    private static func fixedPoint(_ weight: Double) -> Int32 {
        Int32((weight < 0 ? -0.5 : 0.5) + weight * Double(1 << precisionBits))
    }
}
