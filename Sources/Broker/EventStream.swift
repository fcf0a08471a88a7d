// SPDX-License-Identifier: MIT

internal import Wire

/// The events of one call on their way to a client that says how many it takes.
///
/// What the client does not take yet waits here, within a bound. From the first event that finds no room, or that the
/// client cannot make sense of since it missed those before, all are left out, and so is what still waits when the call
/// ends: the answer has it all, and neither a worker nor anybody else waits for a slow reader.
package struct EventStream: Sendable {
    package struct Event: Sendable, Hashable {
        package let sequence: UInt32
        package let body: [UInt8]

        package init(sequence: UInt32, body: [UInt8]) {
            self.sequence = sequence
            self.body = body
        }
    }

    /// How many more the client takes.
    private var window: UInt32
    /// The first that was not heard of yet: another attempt begins anew, and tells the same.
    private var next: UInt32 = 0
    private var waiting: [Event] = []
    private var waitingBytes = 0
    private var isCut = false
    private var dropped: UInt32 = 0

    /// - Parameter window: at most ``WireLimits/eventWindow``.
    package init(window: UInt32) {
        self.window = window
    }

    /// - Returns: what to send now.
    package mutating func take(_ event: Event) -> [Event] {
        guard event.sequence >= next else { return [] }
        let isNext = event.sequence == next
        next = event.sequence + 1
        guard isNext, !isCut, waiting.count < WireLimits.waitingEvents,
            waitingBytes + event.body.count <= WireLimits.waitingEventBytes
        else {
            isCut = true
            dropped += 1
            return []
        }
        waiting.append(event)
        waitingBytes += event.body.count
        return release()
    }

    /// The client takes so many more; never more than ``WireLimits/eventWindow`` in all.
    /// - Returns: what to send now.
    package mutating func grant(_ events: UInt32) -> [Event] {
        window = min(WireLimits.eventWindow, window + min(events, WireLimits.eventWindow))
        return release()
    }

    /// The client's connection is full: these, and all that follow, are left out.
    package mutating func cut(_ unsent: some Collection<Event>) {
        isCut = true
        dropped += UInt32(unsent.count)
    }

    /// How many the client will not have had if the call ends now.
    package var leftOut: UInt32 { dropped + UInt32(waiting.count) }

    private mutating func release() -> [Event] {
        let count = min(Int(window), waiting.count)
        guard count > 0 else { return [] }
        let events = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        waitingBytes -= events.reduce(0) { $0 + $1.body.count }
        window -= UInt32(count)
        return events
    }
}
