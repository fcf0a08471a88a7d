// SPDX-License-Identifier: MIT
package import Messaging
package import Wire

/// The open calls of a client: a pure state machine without a socket or a clock.
///
/// Each call leaves the table exactly once, through its `finish`: with a broker's response, by its deadline, by a
/// cancellation, or because no broker was reached in time. Of several brokers it says which one is spoken to.
package struct CallTable {
    package typealias Instant = ContinuousClock.Instant

    /// A call as its caller opens it.
    package struct Call: Sendable {
        package var request: CallRequest
        package var deadline: Instant
        /// A call that could not be sent by then ends: nobody answers at the endpoint.
        package var connectDeadline: Instant
        package var onEvent: (@Sendable (CallEvent) -> Void)?
        package var finish: @Sendable (CallResponse) -> Void

        package init(
            request: CallRequest, deadline: Instant, connectDeadline: Instant,
            onEvent: (@Sendable (CallEvent) -> Void)? = nil, finish: @escaping @Sendable (CallResponse) -> Void
        ) {
            self.request = request
            self.deadline = deadline
            self.connectDeadline = connectDeadline
            self.onEvent = onEvent
            self.finish = finish
        }
    }

    private struct Entry {
        var call: Call
        /// The broker that it was sent to.
        var broker: Int?
        /// When it ends, its connection being gone, if no answer has come by then.
        var lostAt: Instant?

        var isSent: Bool { broker != nil }

        /// When something is to be done about it.
        var deadline: Instant {
            min(call.deadline, isSent ? lostAt ?? call.deadline : call.connectDeadline)
        }
    }

    /// How long an answer may still come after the word that its connection is gone.
    package static let answerGrace: Duration = .milliseconds(100)

    private var choice: BrokerChoice
    private var entries: [String: Entry] = [:]
    /// Ids in the order of their opening; those that are no longer open are skipped.
    private var unsent: [String] = []
    /// Responses and events for no open call: late, repeated, or somebody else's.
    package private(set) var strays = 0
    /// Messages that are not the protocol's.
    package private(set) var violations = 0

    /// - Parameter endpoints: of brokers that are as good as each other, one at least.
    package init(endpoints: [String]) {
        choice = BrokerChoice(endpoints)
    }

    /// The broker that the next message goes to; `nil` where none is connected.
    package var broker: Int? { choice.current }
    package var isConnected: Bool { broker != nil }
    package func isConnected(to broker: Int) -> Bool { choice.isConnected(broker) }

    package var openCount: Int { entries.count }

    package mutating func open(_ call: Call, limit: Int) {
        guard entries.count < limit else {
            let status = RPCStatus(.resourceExhausted, "the client has \(limit) open calls, its limit")
            return call.finish(CallResponse(id: call.request.id, status: status))
        }
        precondition(entries[call.request.id] == nil, "call id \(call.request.id) is open already")
        entries[call.request.id] = Entry(call: call)
        unsent.append(call.request.id)
    }

    /// A connection came or went. What was sent on one that is gone gets no answer any more.
    package mutating func connection(_ event: ConnectionMonitor.Event, of broker: Int = 0, at now: Instant) {
        choice.connection(event, of: broker, at: now)
        guard event == .disconnected else { return }
        for (id, entry) in entries where entry.broker == broker && entry.lostAt == nil {
            entries[id]?.lostAt = now + Self.answerGrace
        }
    }

    /// The next message to send, with what is left of its time; `nil` when there is none, or no connection.
    package mutating func nextToSend(at now: Instant) -> CallRequest? {
        guard isConnected else { return nil }
        while let id = unsent.first {
            guard let entry = entries[id], !entry.isSent else {
                unsent.removeFirst()
                continue
            }
            var request = entry.call.request
            request.timeoutMilliseconds = (entry.call.deadline - now).wholeMilliseconds
            return request
        }
        return nil
    }

    package var hasUnsent: Bool { isConnected && unsent.contains { entries[$0]?.isSent == false } }

    /// The message of ``nextToSend(at:)`` is on its way; its image is not kept.
    package mutating func sent(_ id: String) {
        unsent.removeAll { $0 == id }
        let current = broker
        entries[id]?.broker = current
        entries[id]?.call.request.image = nil
        entries[id]?.call.request.body = []
    }

    package mutating func received(_ reply: BrokerReply, from broker: Int = 0, at now: Instant) {
        switch reply {
        case .event(let event):
            guard let entry = entries[event.id], let onEvent = entry.call.onEvent else {
                strays += 1
                return
            }
            onEvent(event)
        case .response(var response):
            // Also where the call itself is over.
            if response.status.wantsAnotherBroker { choice.shun(broker, at: now) }
            guard let id = owner(of: response.id) else {
                strays += 1
                return
            }
            // After the deadline the caller hears DEADLINE_EXCEEDED, whoever cancelled the call for it.
            if response.status.code == .cancelled, let entry = entries[id], now >= entry.call.deadline {
                response.status = Self.late
            }
            finish(id, response)
        }
    }

    package mutating func receivedGarbage() {
        violations += 1
    }

    /// Ends what has run out of time.
    /// - Returns: the calls that a broker still works on.
    package mutating func timePassed(at now: Instant) -> [SentCall] {
        choice.timePassed(at: now)
        var expired: [SentCall] = []
        for (id, entry) in entries {
            if now >= entry.call.deadline {
                if let broker = entry.broker { expired.append(SentCall(id: id, broker: broker)) }
                finish(id, CallResponse(id: id, status: Self.late))
            } else if let lostAt = entry.lostAt, now >= lostAt {
                finish(id, CallResponse(id: id, status: Self.lost))
            } else if !entry.isSent, now >= entry.call.connectDeadline {
                finish(id, CallResponse(id: id, status: choice.absence))
            }
        }
        return expired
    }

    /// The caller lost interest.
    /// - Returns: the call where a broker must hear of it.
    package mutating func cancel(_ id: String) -> SentCall? {
        guard let entry = entries[id] else { return nil }
        finish(id, CallResponse(id: id, status: RPCStatus(.cancelled, "the caller cancelled the call")))
        return entry.broker.map { SentCall(id: id, broker: $0) }
    }

    /// The caller takes more events.
    /// - Returns: the call where a broker must hear of it.
    package func granted(_ id: String) -> SentCall? {
        entries[id]?.broker.map { SentCall(id: id, broker: $0) }
    }

    /// Ends every call.
    package mutating func close(_ status: RPCStatus) {
        for id in entries.keys { finish(id, CallResponse(id: id, status: status)) }
    }

    package var nextDeadline: Instant? {
        (entries.values.map(\.deadline) + [choice.nextDeadline].compactMap(\.self)).min()
    }

    /// A response without an id answers a request whose header could not be read: the only open call, if there is one.
    private func owner(of id: String) -> String? {
        if entries[id] != nil { return id }
        return id.isEmpty && entries.count == 1 ? entries.first?.key : nil
    }

    private mutating func finish(_ id: String, _ response: CallResponse) {
        entries.removeValue(forKey: id)?.call.finish(response)
    }

    private static let late = RPCStatus(.deadlineExceeded, "the call's time was up before an answer came")

    private static let lost = RPCStatus(
        .unavailable, "the connection to the broker was lost before an answer came")
}

/// A call that a broker works on.
package struct SentCall: Sendable, Hashable {
    package let id: String
    package let broker: Int

    package init(id: String, broker: Int) {
        self.id = id
        self.broker = broker
    }
}

extension Duration {
    /// Rounded down; never below 0.
    var wholeMilliseconds: UInt32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < 4_000_000 else { return WireLimits.maxTimeoutMilliseconds }
        return UInt32(seconds) * 1000 + UInt32(attoseconds / 1_000_000_000_000_000)
    }
}
