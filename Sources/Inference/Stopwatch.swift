// SPDX-License-Identifier: MIT

/// Measures stretches of work for `Timing`; nothing is decided by it.
struct Stopwatch {
    /// When the last lap ended, and when it began.
    private(set) var last = ContinuousClock.now
    private(set) var begun = ContinuousClock.now

    /// Milliseconds since the last lap, or since it was made.
    mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { (begun, last) = (last, now) }
        return Self.milliseconds(now - last)
    }

    static func milliseconds(_ duration: Duration) -> Double {
        duration / .milliseconds(1)
    }
}
