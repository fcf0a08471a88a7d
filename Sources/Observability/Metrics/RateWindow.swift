// SPDX-License-Identifier: MIT

/// How many of something came in each of the last seconds.
public struct RateWindow: Sendable, Hashable {
    private var counts: [Int]
    /// The latest second that is counted.
    private var latest = 0

    /// - Parameter seconds: how far it looks back; at least 1.
    public init(seconds: Int = 10) {
        precondition(seconds > 0, "a rate over \(seconds) seconds")
        counts = Array(repeating: 0, count: seconds)
    }

    /// - Parameter now: since any fixed moment, never before an earlier one.
    public mutating func add(_ count: Int, at now: Duration) {
        advance(to: now)
        counts[latest % counts.count] += count
    }

    /// A second's share of what came in the window.
    public func perSecond(at now: Duration) -> Double {
        var window = self
        window.advance(to: now)
        return Double(window.counts.reduce(0, +)) / Double(counts.count)
    }

    private mutating func advance(to now: Duration) {
        let second = Int(now.components.seconds)
        guard second > latest else { return }
        for passed in 1...min(second - latest, counts.count) { counts[(latest + passed) % counts.count] = 0 }
        latest = second
    }
}
