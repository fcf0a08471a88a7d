// SPDX-License-Identifier: MIT
import Messaging
import Synchronization
import Wire

/// The client's thread: it owns the connections and the table of open calls.
struct ClientLoop: ~Copyable {
    enum Mail: Sendable {
        case open(CallTable.Call, CallFlag)
        case cancel(String)
        /// The caller of a call takes so many more of its events.
        case grant(String, UInt32)
        case close
    }

    private let links: [ClientLink]
    private let mailbox: Mailbox<Mail>
    private let encoding: WireEncoding
    private let openCallLimit: Int
    private let strays: Strays
    private var table: CallTable
    /// Ids whose calls are over but whose work the broker should stop.
    private var cancels: [SentCall] = []
    /// Events of open calls that a broker may send more.
    private var grants: [(call: SentCall, events: UInt32)] = []
    private var isClosed = false
    private var retry = SendRetry()

    private static let burst = 256

    init(_ configuration: ClientConfiguration, _ mailbox: Mailbox<Mail>, _ strays: Strays) throws(MessagingError) {
        table = CallTable(endpoints: configuration.endpoints)
        encoding = configuration.encoding
        openCallLimit = configuration.openCallLimit
        self.mailbox = mailbox
        self.strays = strays
        let (context, security) = (Context(), configuration.security)
        links = try configuration.checkedEndpoints().map { endpoint throws(MessagingError) in
            try ClientLink(context, endpoint, security)
        }
    }

    /// Until the client is closed. Every call that was posted ends, unless it fails: then those that are still posted, and
    /// those that are yet to come, are the caller's to end.
    consuming func run() throws(MessagingError) {
        do throws(MessagingError) {
            while !isClosed { try turn() }
            try flush()
        } catch {
            table.close(.failedSocket(error))
            throw error
        }
        drain(RPCStatus(.cancelled, "the client was closed"))
    }

    private mutating func turn() throws(MessagingError) {
        for mail in mailbox.takeAll() { take(mail) }
        // After the answers that have come: a call whose answer is here is not lost with its connection.
        try receive()
        strays.count.store(table.strays, ordering: .relaxed)
        for (broker, link) in links.enumerated() {
            for event in link.events(at: .now) { table.connection(event, of: broker, at: .now) }
            try link.reopenIfDue(at: .now)
        }
        // Before it is looked at the time: a thread that was held up has had a connection, and no chance to use it.
        try flush()
        cancels += table.timePassed(at: .now)
        try flush()
        guard !isClosed else { return }
        let deadline = (links.compactMap(\.reopensAt) + [table.nextDeadline].compactMap(\.self)).min()
        var timeout = deadline.map { max(.zero, $0 - .now) }
        if table.hasUnsent || !cancels.isEmpty || !grants.isEmpty { timeout = min(timeout ?? retry.pause, retry.pause) }
        _ = try Poller.wait(links.flatMap(\.pollItems) + [mailbox.pollItem], timeout: timeout)
    }

    private mutating func take(_ mail: Mail) {
        switch mail {
        case .open(let call, let flag):
            table.open(call, limit: openCallLimit)
            // A cancellation that overtook its call.
            if flag.isRaised { cancel(call.request.id) }
        case .cancel(let id): cancel(id)
        case .grant(let id, let events):
            if let call = table.granted(id) { grants.append((call, events)) }
        case .close:
            isClosed = true
            table.close(RPCStatus(.cancelled, "the client was closed"))
        }
    }

    private mutating func cancel(_ id: String) {
        if let call = table.cancel(id) { cancels.append(call) }
    }

    private mutating func receive() throws(MessagingError) {
        for (broker, link) in links.enumerated() {
            for _ in 0..<Self.burst {
                guard let frames = try link.receive() else { break }
                do throws(FrameError) {
                    table.received(try BrokerReply(frames: frames), from: broker, at: .now)
                } catch {
                    table.receivedGarbage()
                }
            }
        }
    }

    private mutating func flush() throws(MessagingError) {
        while let call = cancels.first {
            // Nobody is left to cancel anything once the connection is gone.
            if table.isConnected(to: call.broker) {
                guard try send(.cancel(id: call.id, reason: ""), to: call.broker) else { return }
            }
            cancels.removeFirst()
        }
        while let grant = grants.first {
            if table.isConnected(to: grant.call.broker) {
                guard try send(.grant(id: grant.call.id, events: grant.events), to: grant.call.broker) else { return }
            }
            grants.removeFirst()
        }
        while let request = table.nextToSend(at: .now), let broker = table.broker {
            guard try send(.request(request), to: broker) else { return }
            table.sent(request.id)
        }
    }

    /// False where there is no connection to send on.
    private mutating func send(_ message: ClientMessage, to broker: Int) throws(MessagingError) -> Bool {
        do throws(MessagingError) {
            try links[broker].send(message.frames(encoding))
            retry.succeeded()
            return true
        } catch {
            guard error.code == .wouldBlock || error.code == .unreachable else { throw error }
            retry.failed()
            return false
        }
    }

    /// Ends the calls that are still posted; the mailbox of a client that is over takes no more.
    private func drain(_ status: RPCStatus) {
        for mail in mailbox.takeAll() {
            if case .open(let call, _) = mail { call.finish(CallResponse(id: call.request.id, status: status)) }
        }
    }
}

extension RPCStatus {
    static func failedSocket(_ error: MessagingError) -> RPCStatus {
        RPCStatus(.internal, "the client's socket failed: \(error.message)")
    }
}

/// Raised when the caller loses interest, also before its call has reached the loop.
final class CallFlag: Sendable {
    private let raised = Atomic<Bool>(false)

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() { raised.store(true, ordering: .releasing) }
}

/// How many answers nobody waited for, for other threads to see.
final class Strays: Sendable {
    let count = Atomic<Int>(0)
}
