// SPDX-License-Identifier: MIT

internal import Messaging
internal import Wire

/// A socket that listens, and where.
struct Listener: ~Copyable {
    let socket: Socket
    let address: Endpoint

    /// How long the last answers may take to leave; long enough for a machine that is busy with other things.
    private static let linger: Int32 = 5000

    init(_ endpoint: Endpoint, _ configuration: BrokerConfiguration, _ context: Context) throws(MessagingError) {
        let socket = try Socket(
            context, .router,
            SocketOptions(
                lingerMilliseconds: Self.linger, maxFrameBytes: WireLimits.frameBytes,
                sendHighWater: configuration.peerHighWater, receiveHighWater: configuration.peerHighWater))
        address = try socket.bind(endpoint)
        self.socket = socket
    }
}
