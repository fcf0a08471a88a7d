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
    /// Messages that wait for one peer before it counts as too slow.
    public var peerHighWater: Int32
    /// The program's version, for Discovery and Status.
    public var version: String

    /// - Throws: `endpoint`, also for an address that other machines could reach.
    public init(
        front: String = WireLimits.frontEndpoint, back: String = WireLimits.backEndpoint,
        scheduler: SchedulerConfiguration = SchedulerConfiguration(), peerHighWater: Int32 = 256, version: String = "0"
    ) throws(MessagingError) {
        self.front = try Endpoint(front).listenable()
        self.back = try Endpoint(back).listenable()
        self.scheduler = scheduler
        self.peerHighWater = peerHighWater
        self.version = version
    }
}
