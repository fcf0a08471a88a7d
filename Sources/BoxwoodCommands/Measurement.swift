// SPDX-License-Identifier: MIT

/// The median of several measurements, with the smallest and the largest beside it.
package struct Measurement: Encodable, Hashable, Sendable {
    package let median: Double
    package let min: Double
    package let max: Double

    /// The median of an even number of samples lies half-way between the two in the middle.
    /// - Precondition: at least one sample.
    package init(_ samples: [Double]) {
        precondition(!samples.isEmpty, "measurement: no samples")
        let sorted = samples.sorted()
        let half = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
        (min, max) = (sorted[0], sorted[sorted.count - 1])
    }

    /// What was measured once.
    package init(_ value: Double) {
        self.init([value])
    }

    /// Amounts per second, from the seconds that one amount took.
    package func rate(of amount: Double) -> Measurement {
        Measurement(median: amount / median, min: amount / max, max: amount / min)
    }

    private init(median: Double, min: Double, max: Double) {
        (self.median, self.min, self.max) = (median, min, max)
    }
}
