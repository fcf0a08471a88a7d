// SPDX-License-Identifier: MIT

internal import CZeroMQ

/// A ZeroMQ socket. One thread owns it, from creation to close: libzmq's sockets are not thread-safe (zmq_socket(3)), and
/// the type is neither copyable nor sendable.
public struct Socket: ~Copyable {
    public enum Role: Sendable {
        /// Talks to many peers; the first frame of every message names one.
        case router
        /// Talks to one peer, in any order.
        case dealer
        /// Answers one question after the other.
        case reply

        fileprivate var type: Int32 {
            switch self {
            case .router: ZMQ_ROUTER
            case .dealer: ZMQ_DEALER
            case .reply: ZMQ_REP
            }
        }
    }

    let handle: UnsafeMutableRawPointer
    /// Keeps the context open for as long as the socket is.
    let context: Context

    public init(_ context: Context, _ role: Role, _ options: SocketOptions = SocketOptions()) throws(MessagingError) {
        guard let handle = zmq_socket(context.handle, role.type) else { throw .last("zmq_socket") }
        do {
            try Self.configure(handle, role, options)
        } catch {
            zmq_close(handle)
            throw error
        }
        self.handle = handle
        self.context = context
    }

    deinit {
        // First, for libzmq's thread would wait for a monitor that is gone.
        zmq_socket_monitor(handle, nil, 0)
        zmq_close(handle)
    }

    /// Listens; returns the address with its port filled in.
    public func bind(_ endpoint: Endpoint) throws(MessagingError) -> Endpoint {
        guard zmq_bind(handle, endpoint.description) == 0 else { throw .last("cannot listen on \(endpoint)") }
        return try Endpoint(boundAddress)
    }

    /// Connects, now or as soon as somebody listens there.
    public func connect(_ endpoint: Endpoint) throws(MessagingError) {
        guard zmq_connect(handle, endpoint.description) == 0 else { throw .last("cannot connect to \(endpoint)") }
    }

    /// Sends all frames as one message, or none.
    /// - Throws: `unreachable` or `wouldBlock` when the peer is gone or slow; never waits.
    ///
    /// - Parameter last: a frame behind them that came, and goes on as it is.
    public func send(_ frames: [[UInt8]], last: HeldFrame? = nil) throws(MessagingError) {
        var failure: MessagingError?
        for (index, frame) in frames.enumerated() {
            let more = last != nil || index < frames.count - 1 ? ZMQ_SNDMORE : 0
            // A connection that is lost within a message makes libzmq drop what follows, silently, up to the frame that
            // ends a message: this one's, or it would be the next one's.
            do throws(MessagingError) {
                try send(frame, more)
            } catch {
                failure = failure ?? error
                if index == 0 { throw error }
            }
        }
        try last?.send(to: handle)
        if let failure { throw failure }
    }

    private func send(_ frame: [UInt8], _ more: Int32) throws(MessagingError) {
        while zmq_send(handle, frame, frame.count, ZMQ_DONTWAIT | more) < 0 {
            let number = zmq_errno()
            guard number == EINTR else { throw .last("send", errno: number) }
        }
    }

    /// No message of the protocol has so many frames, routing id and delimiter included.
    public static let mostFrames = 8

    /// The next message, or `nil` when there is none; never waits. Of a message with more than ``mostFrames`` frames the
    /// rest is not kept.
    public func receive() throws(MessagingError) -> [[UInt8]]? { try receiveMessage()?.frames }

    /// The same, with what the connection is known by.
    ///
    /// - Parameter holdsLast: whether a last frame of ``HeldFrame/leastBytes`` or more comes as it is, and not copied.
    public func receiveMessage(holdsLast: Bool = false) throws(MessagingError) -> IncomingMessage? {
        var incoming = IncomingMessage()
        while true {
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            defer { zmq_msg_close(&message) }
            if zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) < 0 {
                let number = zmq_errno()
                if number == EINTR { continue }
                if number == EAGAIN, incoming.frames.isEmpty { return nil }
                throw .last("receive", errno: number)
            }
            let size = zmq_msg_size(&message)
            incoming.bytes += size
            let isLast = zmq_msg_more(&message) == 0
            // The routing id in front is the socket's own, and may lack what the peer's frames have.
            if isLast { incoming.note(&message) }
            if incoming.frames.count < Self.mostFrames {
                if isLast, holdsLast, size >= HeldFrame.leastBytes {
                    incoming.held = HeldFrame(taking: &message)
                } else {
                    incoming.frames.append(
                        Array(UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: size)))
                }
            }
            if isLast { return incoming }
        }
    }

    /// For `Poller`; valid while the socket is.
    public var pollItem: PollItem { PollItem(socket: handle) }

    private var boundAddress: String {
        var buffer = [CChar](repeating: 0, count: 256)
        var size = buffer.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &buffer, &size) == 0 else { return "" }
        return String(decoding: buffer.prefix(max(0, size - 1)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func configure(
        _ handle: UnsafeMutableRawPointer, _ role: Role, _ options: SocketOptions
    ) throws(MessagingError) {
        func set(_ option: Int32, _ value: some BitwiseCopyable) throws(MessagingError) {
            var value = value
            guard zmq_setsockopt(handle, option, &value, MemoryLayout.size(ofValue: value)) == 0 else {
                throw .last("zmq_setsockopt \(option)")
            }
        }
        func setText(_ option: Int32, _ text: String) throws(MessagingError) {
            guard zmq_setsockopt(handle, option, text, text.utf8.count) == 0 else {
                throw .last("zmq_setsockopt \(option)")
            }
        }
        try set(ZMQ_LINGER, options.lingerMilliseconds)
        try set(ZMQ_MAXMSGSIZE, options.maxFrameBytes)
        try set(ZMQ_SNDHWM, options.sendHighWater)
        try set(ZMQ_RCVHWM, options.receiveHighWater)
        try set(ZMQ_HANDSHAKE_IVL, options.handshakeMilliseconds)
        try set(ZMQ_HEARTBEAT_IVL, options.heartbeatMilliseconds)
        try set(ZMQ_HEARTBEAT_TIMEOUT, options.heartbeatTimeoutMilliseconds)
        try set(ZMQ_HEARTBEAT_TTL, options.heartbeatTimeoutMilliseconds)
        try set(ZMQ_BACKLOG, options.backlog)
        try set(ZMQ_RECONNECT_IVL, options.reconnectMilliseconds)
        try set(ZMQ_RECONNECT_IVL_MAX, options.reconnectMaxMilliseconds)
        try set(ZMQ_IMMEDIATE, Int32(options.sendsOnlyWhenConnected ? 1 : 0))
        // Without it a ROUTER drops what it cannot route, silently.
        if case .router = role { try set(ZMQ_ROUTER_MANDATORY, Int32(1)) }
        try options.security.apply(setText) { option, value throws(MessagingError) in try set(option, value) }
    }
}
