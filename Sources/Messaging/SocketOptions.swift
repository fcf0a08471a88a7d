// SPDX-License-Identifier: MIT

/// How a socket is set up. Every default is stated, because libzmq's own are not fit for strangers: no limit to a
/// message, silent loss of what cannot be routed, and a wait without end at close.
public struct SocketOptions: Sendable, Hashable {
    /// How long close waits for what is still to be sent.
    public var lingerMilliseconds: Int32
    /// The largest frame; a larger one closes the connection.
    public var maxFrameBytes: Int64
    /// How many messages wait for one peer, on each side.
    public var sendHighWater: Int32
    public var receiveHighWater: Int32
    /// How long a peer may take for its handshake.
    public var handshakeMilliseconds: Int32
    /// How often the connection itself is probed, and when it is given up; 0 means never. The other side is told to do
    /// the same.
    public var heartbeatMilliseconds: Int32
    public var heartbeatTimeoutMilliseconds: Int32
    /// The first and the longest pause before connecting again.
    public var reconnectMilliseconds: Int32
    public var reconnectMaxMilliseconds: Int32
    /// Messages wait for a finished connection instead of queueing for one that may never be.
    public var sendsOnlyWhenConnected: Bool
    /// Connections that wait to be accepted, at a socket that listens.
    public var backlog: Int32
    public var security: ConnectionSecurity

    public init(
        lingerMilliseconds: Int32 = 0, maxFrameBytes: Int64 = 64 << 20, sendHighWater: Int32 = 1000,
        receiveHighWater: Int32 = 1000, handshakeMilliseconds: Int32 = 5000, heartbeatMilliseconds: Int32 = 2000,
        heartbeatTimeoutMilliseconds: Int32 = 6000, reconnectMilliseconds: Int32 = 100,
        reconnectMaxMilliseconds: Int32 = 2000, sendsOnlyWhenConnected: Bool = false, backlog: Int32 = 256,
        security: ConnectionSecurity = .none
    ) {
        self.lingerMilliseconds = lingerMilliseconds
        self.maxFrameBytes = maxFrameBytes
        self.sendHighWater = sendHighWater
        self.receiveHighWater = receiveHighWater
        self.handshakeMilliseconds = handshakeMilliseconds
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.heartbeatTimeoutMilliseconds = heartbeatTimeoutMilliseconds
        self.reconnectMilliseconds = reconnectMilliseconds
        self.reconnectMaxMilliseconds = reconnectMaxMilliseconds
        self.sendsOnlyWhenConnected = sendsOnlyWhenConnected
        self.backlog = backlog
        self.security = security
    }
}
