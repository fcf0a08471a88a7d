// SPDX-License-Identifier: MIT

internal import CZeroMQ

/// Tells when the connection of a socket comes and goes. Owned by the thread that owns the socket.
///
/// libzmq tells of a loss just before it hands over the last messages of that connection: they may come a moment later.
public struct ConnectionMonitor: ~Copyable {
    public enum Event: Sendable, Hashable {
        /// Connected, with both sides' greetings exchanged.
        case connected
        case disconnected
        /// The other side and this one do not agree on keys; it is tried again.
        case refused(Refusal)
    }

    public enum Refusal: Sendable, Hashable {
        /// The other side does not let this key in.
        case key
        /// One side has keys and the other has none.
        case mechanism
        /// It closed the connection in the middle of the greetings: whoever sees first that they do not agree does so.
        case silent
    }

    /// A PAIR socket on which libzmq says it.
    private let handle: UnsafeMutableRawPointer
    private let context: Context

    public init(of socket: borrowing Socket) throws(MessagingError) {
        let address = "inproc://monitor-\(UInt64.random(in: .min ... .max))"
        let events =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
            | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
        guard zmq_socket_monitor(socket.handle, address, events) == 0 else { throw .last("zmq_socket_monitor") }
        guard let handle = zmq_socket(socket.context.handle, ZMQ_PAIR) else { throw .last("zmq_socket") }
        guard zmq_connect(handle, address) == 0 else {
            zmq_close(handle)
            throw .last("zmq_connect to a monitor")
        }
        self.handle = handle
        context = socket.context
    }

    deinit {
        zmq_close(handle)
    }

    /// The next event, or `nil` when there is none; never waits.
    public func next() -> Event? {
        // A frame with the event's number in its first two bytes, then one with the address.
        var event = [UInt8](repeating: 0, count: 6)
        var address = [UInt8](repeating: 0, count: 256)
        guard zmq_recv(handle, &event, event.count, ZMQ_DONTWAIT) == event.count else { return nil }
        zmq_recv(handle, &address, address.count, ZMQ_DONTWAIT)
        switch Int32(event[0]) | Int32(event[1]) << 8 {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .connected
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .refused(.key)
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return .refused(.mechanism)
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return .refused(.silent)
        default: return .disconnected
        }
    }

    /// For `Poller`; valid while the monitor is.
    public var pollItem: PollItem { PollItem(socket: handle) }
}
