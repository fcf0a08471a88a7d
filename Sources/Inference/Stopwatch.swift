// SPDX-License-Identifier: MIT

/// Measures stretches of work for `Timing`; nothing is decided by it.
struct Stopwatch {
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now

    /// Milliseconds since the last lap, or since the start.
    mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { last = now }
        return Self.milliseconds(now - last)
    }

    /// Milliseconds since the start.
    var total: Double { Self.milliseconds(ContinuousClock.now - start) }

    private static func milliseconds(_ duration: Duration) -> Double {
        duration / .milliseconds(1)
    }
}
