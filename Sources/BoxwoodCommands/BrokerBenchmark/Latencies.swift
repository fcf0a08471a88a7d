// SPDX-License-Identifier: MIT

/// What a number of calls took, each of them: percentiles are exact, and nothing is sorted into buckets.
package struct Latencies: Sendable {
    /// In ascending order.
    private let sorted: [Duration]

    package init(_ samples: [Duration]) {
        sorted = samples.sorted()
    }

    package var count: Int { sorted.count }

    /// The smallest sample that at least so large a part of all samples does not exceed (the nearest rank).
    ///
    /// - Parameter part: above 0, up to 1.
    /// - Returns: milliseconds; NaN where there are no samples.
    package func percentile(_ part: Double) -> Double {
        precondition(part > 0 && part <= 1, "percentile: part \(part)")
        guard !sorted.isEmpty else { return .nan }
        let rank = Int((part * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1] / .milliseconds(1)
    }
}
