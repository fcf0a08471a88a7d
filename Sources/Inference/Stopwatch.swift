// SPDX-License-Identifier: MIT

/// Measures stretches of work for `Timing`; nothing is decided by it.
struct Stopwatch {
    private var last = ContinuousClock.now

    /// Milliseconds since the last lap, or since it was made.
    mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { last = now }
        return Self.milliseconds(now - last)
    }

    static func milliseconds(_ duration: Duration) -> Double {
        duration / .milliseconds(1)
    }
}
