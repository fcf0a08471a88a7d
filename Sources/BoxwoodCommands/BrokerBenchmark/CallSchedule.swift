// SPDX-License-Identifier: MIT

/// When a caller who does one call at a time makes the next one: as soon as the last has ended, or at set times.
package struct CallSchedule: Sendable {
    package typealias Instant = ContinuousClock.Instant

    private let interval: Duration?
    private let end: Instant
    private var due: Instant

    /// - Parameters:
    ///   - interval: from one call to the next; `nil` for no pause at all.
    ///   - begin: of the first call.
    package init(interval: Duration?, begin: Instant, end: Instant) {
        self.interval = interval
        self.end = end
        due = begin
    }

    /// When the next call should begin, which may be in the past; `nil` when it is over.
    package mutating func next(at now: Instant) -> Instant? {
        guard now < end else { return nil }
        guard let interval else { return max(due, now) }
        defer { due += interval }
        return due < end ? due : nil
    }

    /// The calls that were due and not made, once it is over.
    package var missed: Int {
        guard let interval, due < end else { return 0 }
        return Int((due.duration(to: end) / interval).rounded(.up))
    }

    /// What a call's time counts from: a caller who was held up by the call before has waited since the call was due, one who
    /// overslept has not.
    package static func beginning(due: Instant, freeSince: Instant, now: Instant) -> Instant {
        freeSince > due ? due : now
    }
}
