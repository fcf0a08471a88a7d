// SPDX-License-Identifier: MIT
import Messaging
import Wire

/// A client's connection to one broker. Owned by the client's thread.
final class ClientLink {
    private let context: Context
    private let endpoint: Endpoint
    private let security: ConnectionSecurity
    private var socket: Socket
    private var monitor: ConnectionMonitor
    /// When it is tried anew: libzmq gives up where keys did not fit, and they may be let in later.
    private(set) var reopensAt: ContinuousClock.Instant?

    /// For the CANCELs of a client that is closed.
    private static let linger: Int32 = 200
    private static let pause: Duration = .milliseconds(500)

    init(_ context: Context, _ endpoint: Endpoint, _ security: ConnectionSecurity) throws(MessagingError) {
        let socket = try Self.makeSocket(context, security)
        let monitor = try ConnectionMonitor(of: socket)
        try socket.connect(endpoint)
        self.context = context
        self.endpoint = endpoint
        self.security = security
        self.socket = socket
        self.monitor = monitor
    }

    /// What has become of the connection since the last call.
    func events(at now: ContinuousClock.Instant) -> [ConnectionMonitor.Event] {
        var events: [ConnectionMonitor.Event] = []
        while let event = monitor.next() {
            if case .refused(let reason) = event, reason != .silent { reopensAt = now + Self.pause }
            events.append(event)
        }
        return events
    }

    func reopenIfDue(at now: ContinuousClock.Instant) throws(MessagingError) {
        guard let due = reopensAt, now >= due else { return }
        reopensAt = nil
        let fresh = try Self.makeSocket(context, security)
        let watch = try ConnectionMonitor(of: fresh)
        try fresh.connect(endpoint)
        socket = fresh
        monitor = watch
    }

    func send(_ frames: [[UInt8]]) throws(MessagingError) { try socket.send(frames) }

    func receive() throws(MessagingError) -> [[UInt8]]? { try socket.receive() }

    var pollItems: [PollItem] { [socket.pollItem, monitor.pollItem] }

    private static func makeSocket(_ context: Context, _ security: ConnectionSecurity) throws(MessagingError) -> Socket
    {
        // The table keeps messages back until there is a connection, and knows what was sent on one that is gone.
        try Socket(
            context, .dealer,
            SocketOptions(lingerMilliseconds: linger, maxFrameBytes: WireLimits.frameBytes, security: security))
    }
}
