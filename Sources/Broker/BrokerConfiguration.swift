// SPDX-License-Identifier: MIT

public import Messaging
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
    /// The program's version, for Discovery and Status.
    public var version: String

    /// - Throws: `endpoint`, also for an address that other machines could reach.
    public init(
        front: String = WireLimits.frontEndpoint, back: String = WireLimits.backEndpoint,
        scheduler: SchedulerConfiguration = SchedulerConfiguration(), peerHighWater: Int32 = 256,
        clientOutboxMessages: Int = 4096, clientOutboxBytes: Int = 64 << 20,
        watchRepeat: Duration = .seconds(10), version: String = "0"
    ) throws(MessagingError) {
        self.front = try Endpoint(front).listenable()
        self.back = try Endpoint(back).listenable()
        self.scheduler = scheduler
        self.peerHighWater = peerHighWater
        self.clientOutboxMessages = clientOutboxMessages
        self.clientOutboxBytes = clientOutboxBytes
        self.watchRepeat = watchRepeat
        self.version = version
    }
}
