// SPDX-License-Identifier: MIT

import Grounding
import Synchronization
import Wire

/// The events of a call, of all its attempts as if there were one: another attempt tells the same from the beginning, and what
/// was heard of before is not told again.
final class EventTap: Sendable {
    private struct State {
        /// The id of the attempt that is open.
        var id = ""
        var next: UInt32 = 0
        /// Taken since the broker was told.
        var taken: UInt32 = 0
        var trail = EventTrail()
    }

    private let window: UInt32
    private let state = Mutex(State())
    private let grant: @Sendable (_ id: String, _ events: UInt32) -> Void
    private let deliver: @Sendable (GroundingEvent) -> Void

    /// - Parameters:
    ///   - window: how many events may be on their way or waiting here, at least 1.
    ///   - grant: tells the broker that it may send so many more of a call.
    ///   - deliver: called in order, on the client's thread.
    init(
        window: UInt32, grant: @escaping @Sendable (_ id: String, _ events: UInt32) -> Void,
        deliver: @escaping @Sendable (GroundingEvent) -> Void
    ) {
        self.window = window
        self.grant = grant
        self.deliver = deliver
    }

    /// An attempt begins.
    /// - Returns: how many events it may send.
    func begin(as id: String) -> UInt32 {
        state.withLock {
            $0.id = id
            $0.taken = 0
        }
        return window
    }

    /// For the table of calls.
    var listener: @Sendable (CallEvent) -> Void { { event in self.hear(event) } }

    /// Not called by two threads at a time. What cannot be read, and what does not follow on the event before, is as good as left
    /// out.
    func hear(_ event: CallEvent) {
        let told: GroundingEvent? = state.withLock { state in
            guard event.sequence == state.next, let said = try? GroundingEvent(body: event.body) else { return nil }
            state.next += 1
            state.trail.note(said)
            return said
        }
        if let told { deliver(told) } else { take() }
    }

    /// The caller took an event, or it was one that he had before. Not each is worth a message to the broker.
    func take() {
        let due: (id: String, events: UInt32)? = state.withLock { state in
            state.taken += 1
            guard state.taken * 2 >= window else { return nil }
            defer { state.taken = 0 }
            return (state.id, state.taken)
        }
        if let due { grant(due.id, due.events) }
    }

    /// What no event has told of the result.
    func rest(of result: GroundingResult) -> [GroundingEvent] {
        state.withLock { $0.trail.rest(of: result) }
    }
}
