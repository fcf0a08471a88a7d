// SPDX-License-Identifier: MIT

internal import Messaging
internal import Wire

/// A socket that listens, and where.
struct Listener: ~Copyable {
    let socket: Socket
    let events: ListenerEvents
    private(set) var address: Endpoint

    /// How long the last answers may take to leave; long enough for a machine that is busy with other things.
    private static let linger: Int32 = 5000

    /// Does not listen yet.
    init(_ side: BrokerSide, _ configuration: BrokerConfiguration, _ context: Context) throws(MessagingError) {
        let security = configuration.keys.map { ConnectionSecurity.server($0.pair, domain: side.rawValue) }
        let socket = try Socket(
            context, .router,
            SocketOptions(
                lingerMilliseconds: Self.linger, maxFrameBytes: WireLimits.frameBytes,
                sendHighWater: configuration.peerHighWater, receiveHighWater: configuration.peerHighWater,
                security: security ?? .none))
        self.socket = socket
        events = ListenerEvents(context)
        address = side == .front ? configuration.front : configuration.back
    }

    /// There must be somebody who hears of its connections.
    mutating func listen() throws(MessagingError) {
        try events.publish(socket)
        address = try socket.bind(address)
    }

    /// Whoever hears of its connections hears of its end before this returns.
    consuming func close() {}
}
