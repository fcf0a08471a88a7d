// SPDX-License-Identifier: MIT

internal import CZeroMQ
import Glibc

/// Where a socket that listens tells of its connections.
public struct ListenerEvents: Sendable {
    fileprivate let address: String
    fileprivate let context: Context

    public init(_ context: Context) {
        address = "inproc://monitor-\(UInt64.random(in: .min ... .max))"
        self.context = context
    }

    /// Has a socket tell, from now until it closes. There must be a ``ListenerMonitor`` that reads it.
    public func publish(_ socket: borrowing Socket) throws(MessagingError) {
        let events = ListenerMonitor.Event.numbers.reduce(0, |)
        guard zmq_socket_monitor(socket.handle, address, events) == 0 else { throw .last("zmq_socket_monitor") }
    }
}

/// Hears of the connections of a socket that listens; owned by any one thread, which reads it until ``Event/stopped``:
/// libzmq's own thread waits for somebody who does not.
public struct ListenerMonitor: ~Copyable {
    public enum Event: Sendable, Hashable {
        /// By its descriptor.
        case accepted(Int32)
        case closed(Int32)
        case greeted
        /// A peer that was none, did not come to an end in time, or had no key that is let in.
        case handshakeFailed(Failure)
        /// There was no descriptor left for it.
        case acceptFailed
        /// The socket is closed; nothing more comes.
        case stopped

        public enum Failure: Sendable, Hashable {
            /// It left, or took too long.
            case unfinished
            /// It did not keep to ZMTP, or wanted another mechanism.
            case `protocol`
            /// Its key is not let in.
            case key
        }

        static let numbers = [
            ZMQ_EVENT_ACCEPTED, ZMQ_EVENT_ACCEPT_FAILED, ZMQ_EVENT_CLOSED, ZMQ_EVENT_DISCONNECTED,
            ZMQ_EVENT_MONITOR_STOPPED, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL,
            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
        ]

        init?(number: Int32, value: Int32) {
            switch number {
            case ZMQ_EVENT_ACCEPTED: self = .accepted(value)
            case ZMQ_EVENT_CLOSED, ZMQ_EVENT_DISCONNECTED: self = .closed(value)
            case ZMQ_EVENT_ACCEPT_FAILED: self = .acceptFailed
            case ZMQ_EVENT_MONITOR_STOPPED: self = .stopped
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: self = .greeted
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: self = .handshakeFailed(.unfinished)
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: self = .handshakeFailed(.protocol)
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: self = .handshakeFailed(.key)
            default: return nil
            }
        }
    }

    /// A PAIR socket on which libzmq says it.
    private let handle: UnsafeMutableRawPointer
    private let context: Context

    public init(_ events: ListenerEvents) throws(MessagingError) {
        guard let handle = zmq_socket(events.context.handle, ZMQ_PAIR) else { throw .last("zmq_socket") }
        // Without a limit, so that libzmq's thread never waits for this one.
        var unlimited: Int32 = 0
        zmq_setsockopt(handle, ZMQ_RCVHWM, &unlimited, MemoryLayout<Int32>.size)
        guard zmq_connect(handle, events.address) == 0 else {
            zmq_close(handle)
            throw .last("zmq_connect to a monitor")
        }
        self.handle = handle
        context = events.context
    }

    deinit {
        zmq_close(handle)
    }

    /// The next event, or `nil` when there is none; never waits.
    public func next() -> Event? {
        var event = [UInt8](repeating: 0, count: 6)
        var address = [UInt8](repeating: 0, count: 256)
        while zmq_recv(handle, &event, event.count, ZMQ_DONTWAIT) == event.count {
            zmq_recv(handle, &address, address.count, ZMQ_DONTWAIT)
            let value = event[2...].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            let number = Int32(event[0]) | Int32(event[1]) << 8
            if let event = Event(number: number, value: Int32(bitPattern: value)) { return event }
        }
        return nil
    }

    public var pollItem: PollItem { PollItem(socket: handle) }
}

/// What the kernel knows of a connection, by its descriptor.
public enum Connection {
    /// A number that no other socket of this machine has had lately; `nil` where there is no socket of that descriptor.
    public static func number(_ descriptor: Int32) -> UInt64? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return UInt64(status.st_ino)
    }

    /// Bytes that have come on it; `nil` where it is not TCP.
    public static func received(_ descriptor: Int32) -> UInt64? {
        // struct tcp_info of linux/tcp.h, of which Glibc's header has only the beginning; tcpi_bytes_received is there
        // since Linux 4.1.
        let offset = 128
        var information = [UInt8](repeating: 0, count: 256)
        var size = socklen_t(information.count)
        guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &information, &size) == 0,
            Int(size) >= offset + 8
        else { return nil }
        return information[offset..<offset + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }

    /// Ends it, if the descriptor still is that of the connection with this number. libzmq then finds that the peer is
    /// gone, and closes it.
    public static func end(_ descriptor: Int32, number: UInt64) {
        guard self.number(descriptor) == number else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}
