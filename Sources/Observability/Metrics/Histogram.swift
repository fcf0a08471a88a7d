// SPDX-License-Identifier: MIT

/// How often a quantity was how large, in fixed buckets, as Prometheus counts it.
public struct Histogram: Sendable, Hashable {
    /// The upper bounds of the buckets, each included in its own; ascending.
    public let bounds: [Double]
    /// How many fell into each bucket, and beyond the last.
    public private(set) var counts: [UInt64]
    public private(set) var sum = 0.0

    /// From a beat of an idle service to the default deadline of a call, and beyond.
    public static let durations = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
    /// Up to the most sequences that a step can be set to have, by doubling.
    public static let batchSizes: [Double] = [1, 2, 4, 8, 16, 32, 64, 128]

    public init(_ bounds: [Double] = durations) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "histogram: bounds \(bounds) do not ascend")
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    public var count: UInt64 { counts.reduce(0, +) }

    /// - Parameters:
    ///   - value: what is no number is not counted.
    ///   - times: how often it was seen.
    public mutating func observe(_ value: Double, times: UInt64 = 1) {
        guard value.isFinite else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += times
        sum += value * Double(times)
    }

    public mutating func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) * 1e-18)
    }
}
