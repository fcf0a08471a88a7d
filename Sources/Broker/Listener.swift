// SPDX-License-Identifier: MIT

internal import Messaging
internal import Wire

/// A socket that listens, and where.
struct Listener: ~Copyable {
    let socket: Socket
    let address: Endpoint

    init(_ endpoint: Endpoint, _ configuration: BrokerConfiguration, _ context: Context) throws(MessagingError) {
        let socket = try Socket(
            context, .router,
            SocketOptions(
                lingerMilliseconds: 500, maxFrameBytes: WireLimits.frameBytes,
                sendHighWater: configuration.peerHighWater, receiveHighWater: configuration.peerHighWater))
        address = try socket.bind(endpoint)
        self.socket = socket
    }
}
