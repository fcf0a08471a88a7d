// SPDX-License-Identifier: MIT

internal import CZeroMQ

/// A message, and what its connection is known by.
public struct IncomingMessage: Sendable, Hashable {
    public var frames: [[UInt8]] = []
    /// The frame behind them, where it is large and was asked for as it is.
    public var held: HeldFrame?
    /// Of all frames, those that were not kept included.
    public var bytes = 0
    /// What the ZAP handler called the peer; `nil` where none was asked. A peer without CURVE can make itself one in its
    /// greeting (RFC 37), so this counts for sockets with keys alone.
    public var userID: String?
    /// The descriptor of the connection that it came on, which may be closed by now.
    public var descriptor: Int32?

    public init() {}

    mutating func note(_ message: inout zmq_msg_t) {
        userID = zmq_msg_gets(&message, "User-Id").map { String(cString: $0) }
        let source = zmq_msg_get(&message, ZMQ_SRCFD)
        descriptor = source >= 0 ? source : nil
    }
}
