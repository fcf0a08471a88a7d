// SPDX-License-Identifier: MIT

/// How long to wait before a process that died is started again: longer after each death, up to a ceiling, and never
/// quite as long as its neighbours wait.
///
/// It never gives up. A process that ran well for a while starts over with the shortest wait.
package struct BackOff: Sendable, Hashable {
    /// The wait after the first death.
    package var first: Duration
    /// No wait is longer.
    package var ceiling: Duration
    /// A process that ran for this long was healthy.
    package var healthyAfter: Duration
    /// The part of a wait that is left to chance, 0...1, so that processes that died together come back apart.
    package var jitter: Double
    /// Deaths in a row.
    package private(set) var deaths = 0

    package init(
        first: Duration = .milliseconds(250), ceiling: Duration = .seconds(30), healthyAfter: Duration = .seconds(60),
        jitter: Double = 0.5
    ) {
        precondition((0...1).contains(jitter) && first > .zero && ceiling >= first, "back-off: no such policy")
        self.first = first
        self.ceiling = ceiling
        self.healthyAfter = healthyAfter
        self.jitter = jitter
    }

    /// A process died.
    /// - Parameters:
    ///   - ran: how long it had been running.
    ///   - random: drawn evenly from 0..<1.
    /// - Returns: how long to wait.
    package mutating func wait(afterRunning ran: Duration, random: Double) -> Duration {
        deaths = ran >= healthyAfter ? 1 : deaths + 1
        // Doubling step by step, and not past the ceiling, cannot overflow however often it dies.
        var step = first
        var doublings = deaths - 1
        while doublings > 0, step < ceiling {
            step *= 2
            doublings -= 1
        }
        return min(step, ceiling) * (1 - jitter * random)
    }
}
