// SPDX-License-Identifier: MIT
import Messaging
import Wire

/// A worker's socket to its broker, with what waits to be sent. Owned by one thread.
struct BrokerLink: ~Copyable {
    private let context: Context
    private let endpoint: Endpoint
    private let encoding: WireEncoding
    private let security: ConnectionSecurity
    private var socket: Socket
    private var monitor: ConnectionMonitor
    private var outbox: [WorkerMessage] = []
    private var retry = SendRetry()
    /// When it is tried anew after a refusal.
    private(set) var reopensAt: ContinuousClock.Instant?

    private static let pause: Duration = .seconds(1)

    /// For the last words: long enough for a BYE on a living connection.
    private static let linger: Int32 = 500

    init(_ context: Context, _ endpoint: Endpoint, _ configuration: WorkerConfiguration) throws(MessagingError) {
        let security = configuration.security
        let socket = try Self.makeSocket(context, security)
        let monitor = try ConnectionMonitor(of: socket)
        try socket.connect(endpoint)
        self.context = context
        self.endpoint = endpoint
        self.security = security
        encoding = configuration.encoding
        self.socket = socket
        self.monitor = monitor
    }

    /// Closes the socket, with all that waits in it, and opens a new one.
    mutating func reconnect() throws(MessagingError) {
        outbox = []
        reopensAt = nil
        let fresh = try Self.makeSocket(context, security)
        let watch = try ConnectionMonitor(of: fresh)
        try fresh.connect(endpoint)
        socket = fresh
        monitor = watch
    }

    /// What has become of the connection since the last call.
    mutating func connectionEvents() -> [ConnectionMonitor.Event] {
        var events: [ConnectionMonitor.Event] = []
        while let event = monitor.next() {
            // libzmq gives up where keys did not fit; they may be let in later.
            if case .refused(let reason) = event, reason != .silent { reopensAt = .now + Self.pause }
            events.append(event)
        }
        return events
    }

    mutating func reopenIfDue() throws(MessagingError) {
        guard let due = reopensAt, .now >= due else { return }
        try reconnect()
    }

    /// Sends now, or as soon as there is a connection.
    mutating func send(_ message: WorkerMessage) throws(MessagingError) {
        // Signs of life are about now: one that cannot leave is not worth keeping.
        outbox.removeAll { $0.isSignOfLife }
        outbox.append(message)
        try flush()
    }

    mutating func flush() throws(MessagingError) {
        while let message = outbox.first {
            do throws(MessagingError) {
                try socket.send(message.frames(encoding))
            } catch {
                guard error.code == .wouldBlock || error.code == .unreachable else { throw error }
                retry.failed()
                return
            }
            retry.succeeded()
            outbox.removeFirst()
        }
    }

    /// The next message; the error is a message that is none of a broker's.
    mutating func receive() throws(MessagingError) -> Result<BrokerOrder, FrameError>? {
        guard let frames = try socket.receive() else { return nil }
        do throws(FrameError) {
            return .success(try BrokerOrder(frames: frames))
        } catch {
            return .failure(error)
        }
    }

    var pollItems: [PollItem] { [socket.pollItem, monitor.pollItem] }

    /// When it wants to be flushed again; `nil` where nothing waits.
    var retryPause: Duration? { outbox.isEmpty ? nil : retry.pause }

    private static func makeSocket(_ context: Context, _ security: ConnectionSecurity) throws(MessagingError) -> Socket
    {
        // A worker that waits for its connection keeps its messages itself, and drops them with its session.
        try Socket(
            context, .dealer,
            SocketOptions(
                lingerMilliseconds: linger, maxFrameBytes: WireLimits.frameBytes, sendsOnlyWhenConnected: true,
                security: security))
    }
}

extension WorkerMessage {
    fileprivate var isSignOfLife: Bool {
        switch self {
        case .hello, .beat: true
        default: false
        }
    }
}
