// SPDX-License-Identifier: MIT
import Messaging
import Wire

/// A worker's socket to its broker, with what waits to be sent. Owned by one thread.
struct BrokerLink: ~Copyable {
    private let context: Context
    private let endpoint: Endpoint
    private let encoding: WireEncoding
    private var socket: Socket
    private var outbox: [WorkerMessage] = []
    private var retry = SendRetry()

    /// For the last words: long enough for a BYE on a living connection.
    private static let linger: Int32 = 500

    init(_ context: Context, _ endpoint: Endpoint, _ encoding: WireEncoding) throws(MessagingError) {
        self.context = context
        self.endpoint = endpoint
        self.encoding = encoding
        socket = try Self.connect(context, endpoint)
    }

    /// Closes the socket, with all that waits in it, and opens a new one.
    mutating func reconnect() throws(MessagingError) {
        outbox = []
        socket = try Self.connect(context, endpoint)
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

    /// Waits for a message, for mail, or for a point in time.
    func wait(mail: PollItem, until deadline: ContinuousClock.Instant?) throws(MessagingError) {
        var timeout = deadline.map { max(.zero, $0 - .now) }
        if !outbox.isEmpty { timeout = min(timeout ?? retry.pause, retry.pause) }
        _ = try Poller.wait([socket.pollItem, mail], timeout: timeout)
    }

    private static func connect(_ context: Context, _ endpoint: Endpoint) throws(MessagingError) -> Socket {
        // A worker that waits for its connection keeps its messages itself, and drops them with its session.
        let options = SocketOptions(
            lingerMilliseconds: linger, maxFrameBytes: WireLimits.frameBytes, sendsOnlyWhenConnected: true)
        let socket = try Socket(context, .dealer, options)
        try socket.connect(endpoint)
        return socket
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
