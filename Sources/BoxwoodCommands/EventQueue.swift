// SPDX-License-Identifier: MIT
import Dispatch
import Synchronization

/// Events from many threads for the one that acts on them, in order.
package final class EventQueue<Event: Sendable>: Sendable {
    private let events = Mutex<[Event]>([])
    private let arrived = DispatchSemaphore(value: 0)

    package init() {}

    package func post(_ event: Event) {
        events.withLock { $0.append(event) }
        arrived.signal()
    }

    /// Blocks until there is an event; `nil` when the time has come without one.
    package func next(until deadline: ContinuousClock.Instant?) -> Event? {
        if let deadline {
            let wait = max(.zero, ContinuousClock.now.duration(to: deadline))
            let (seconds, attoseconds) = wait.components
            let nanoseconds = Int(min(seconds, 1_000_000)) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
            guard arrived.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success else { return nil }
        } else {
            arrived.wait()
        }
        return events.withLock { $0.removeFirst() }
    }
}
