// SPDX-License-Identifier: MIT

public import Messaging
public import Observability
public import Wire

/// Where a broker listens, and its terms.
public struct BrokerConfiguration: Sendable {
    /// For clients.
    public var front: Endpoint
    /// For workers.
    public var back: Endpoint
    public var scheduler: SchedulerConfiguration
    /// Messages that the socket itself queues for one peer, each way.
    public var peerHighWater: Int32
    /// Messages, and their bytes, that wait beyond that for one client; past either it is given up.
    public var clientOutboxMessages: Int
    public var clientOutboxBytes: Int
    /// How often a watcher is told what it knows already: only a message shows that somebody still listens.
    public var watchRepeat: Duration
    /// Connections at a time on both addresses, and of one key; past them those that have said nothing go first.
    public var connections: Int
    public var connectionsOfKey: Int
    /// Bytes that may have come on all connections without having been read as messages, before the connection with the most
    /// of them is ended.
    public var heldBytes: Int
    /// The broker's own keys, and the folder of those that it lets in; `nil` for connections without keys.
    public let keys: BrokerKeys?
    /// The program's version, for Discovery and Status.
    public var version: String
    /// Called by the loop's own thread, twice in a beat interval: when it is called no more, the loop hangs.
    public var heartbeat: @Sendable () -> Void = {}
    /// Where the spans of calls go; `nil`: nowhere.
    public var spans: SpanQueue?

    /// - Parameter keys: the folder of the pool's keys; without one only addresses of this machine may be listened on.
    /// - Throws: `endpoint`, also for an address that other machines could reach without keys; `key`.
    public init(
        front: String = WireLimits.frontEndpoint, back: String = WireLimits.backEndpoint,
        scheduler: SchedulerConfiguration = SchedulerConfiguration(), peerHighWater: Int32 = 256,
        clientOutboxMessages: Int = 4096, clientOutboxBytes: Int = 64 << 20,
        watchRepeat: Duration = .seconds(10), connections: Int = 1024, connectionsOfKey: Int = 256,
        heldBytes: Int = 512 << 20, keys: KeyFolder? = nil, version: String = "0"
    ) throws(MessagingError) {
        self.front = try Endpoint(front).listenable(hasKeys: keys != nil)
        self.back = try Endpoint(back).listenable(hasKeys: keys != nil)
        self.keys = try keys.map { folder throws(MessagingError) in
            BrokerKeys(pair: try folder.brokerPair(), folder: folder)
        }
        self.connections = connections
        self.connectionsOfKey = connectionsOfKey
        self.heldBytes = heldBytes
        self.scheduler = scheduler
        self.peerHighWater = peerHighWater
        self.clientOutboxMessages = clientOutboxMessages
        self.clientOutboxBytes = clientOutboxBytes
        self.watchRepeat = watchRepeat
        self.version = version
    }

    var connectionLimits: ConnectionTable.Limits {
        ConnectionTable.Limits(
            connections: connections, connectionsOfKey: connectionsOfKey, heldBytes: UInt64(max(0, heldBytes)))
    }
}

/// What a broker with keys is, and whom it lets in.
public struct BrokerKeys: Sendable {
    let pair: CurveKeyPair
    let folder: KeyFolder
}
