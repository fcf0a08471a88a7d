// SPDX-License-Identifier: MIT

/// Notices that this process stood still: stopped by a signal, starved, or on a machine that slept.
///
/// Then nobody was heard, and nobody is to blame for it.
package struct Standstill: Sendable {
    /// A wake-up that comes so much too late is none of the load's.
    private let tolerance: Duration
    private var planned: Duration

    package init(tolerance: Duration, now: Duration) {
        self.tolerance = tolerance
        planned = now
    }

    /// The process means to be back then.
    package mutating func plan(_ wake: Duration) { planned = wake }

    /// How long it stood still beyond what was planned; zero when it did not. Tells of each time once.
    package mutating func passed(at now: Duration) -> Duration {
        let late = now - planned
        planned = max(planned, now)
        return late > tolerance ? late : .zero
    }
}
