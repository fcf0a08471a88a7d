// SPDX-License-Identifier: MIT
import Messaging
import Synchronization
import Wire

/// The client's thread: it owns the socket and the table of open calls.
struct ClientLoop: ~Copyable {
    enum Mail: Sendable {
        case open(CallTable.Call, CallFlag)
        case cancel(String)
        case close
    }

    private let socket: Socket
    private let monitor: ConnectionMonitor
    private let mailbox: Mailbox<Mail>
    private let encoding: WireEncoding
    private let openCallLimit: Int
    private var table: CallTable
    /// Ids whose calls are over but whose work the broker should stop.
    private var cancels: [String] = []
    private var isClosed = false
    private var retry = SendRetry()

    /// For the CANCELs of a client that is closed.
    private static let linger: Int32 = 200
    private static let burst = 256

    init(_ configuration: ClientConfiguration, _ mailbox: Mailbox<Mail>) throws(MessagingError) {
        table = CallTable(endpoint: configuration.endpoint)
        encoding = configuration.encoding
        openCallLimit = configuration.openCallLimit
        self.mailbox = mailbox
        // The table keeps messages back until there is a connection, and knows what was sent on one that is gone.
        let options = SocketOptions(
            lingerMilliseconds: Self.linger, maxFrameBytes: WireLimits.frameBytes,
            security: configuration.credential.map(ConnectionSecurity.client) ?? .none)
        let socket = try Socket(Context(), .dealer, options)
        let monitor = try ConnectionMonitor(of: socket)
        try socket.connect(try configuration.checkedEndpoint())
        self.socket = socket
        self.monitor = monitor
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
        while let event = monitor.next() { table.connection(event, at: .now) }
        cancels += table.timePassed(at: .now)
        try flush()
        guard !isClosed else { return }
        var timeout = table.nextDeadline.map { max(.zero, $0 - .now) }
        if table.hasUnsent || !cancels.isEmpty { timeout = min(timeout ?? retry.pause, retry.pause) }
        _ = try Poller.wait([socket.pollItem, monitor.pollItem, mailbox.pollItem], timeout: timeout)
    }

    private mutating func take(_ mail: Mail) {
        switch mail {
        case .open(let call, let flag):
            table.open(call, limit: openCallLimit)
            // A cancellation that overtook its call.
            if flag.isRaised { cancel(call.request.id) }
        case .cancel(let id): cancel(id)
        case .close:
            isClosed = true
            table.close(RPCStatus(.cancelled, "the client was closed"))
        }
    }

    private mutating func cancel(_ id: String) {
        if table.cancel(id) { cancels.append(id) }
    }

    private mutating func receive() throws(MessagingError) {
        for _ in 0..<Self.burst {
            guard let frames = try socket.receive() else { return }
            do throws(FrameError) {
                table.received(try BrokerReply(frames: frames), at: .now)
            } catch {
                table.receivedGarbage()
            }
        }
    }

    private mutating func flush() throws(MessagingError) {
        // Nobody is left to cancel anything once the connection is gone.
        if !table.isConnected { cancels = [] }
        while let id = cancels.first {
            guard try send(.cancel(id: id, reason: "")) else { return }
            cancels.removeFirst()
        }
        while let request = table.nextToSend(at: .now) {
            guard try send(.request(request)) else { return }
            table.sent(request.id)
        }
    }

    /// False where there is no connection to send on.
    private mutating func send(_ message: ClientMessage) throws(MessagingError) -> Bool {
        do throws(MessagingError) {
            try socket.send(message.frames(encoding))
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
