// SPDX-License-Identifier: MIT
public import Messaging
public import Wire

/// How a worker joins a broker.
public struct WorkerConfiguration: Sendable, Hashable {
    /// The endpoints for workers of the brokers to serve, all at a time: their jobs share the worker's room.
    public var endpoints: [String]
    /// For people: shown by `boxwood status`.
    public var name: String
    /// Random, fixed for the life of the process.
    public var instance: String
    public var pid: UInt32
    /// The version of the program.
    public var version: String
    /// Jobs that run side by side; at least 1.
    public var slots: UInt32
    /// Jobs held at a time, the running ones included; at least 1.
    public var credits: UInt32
    /// How long ``WorkerLoop/stop()`` lets the running jobs go on.
    public var drainGrace: Duration
    /// A HELLO without an answer is repeated after this.
    public var helloInterval: Duration
    /// How long the engine may take to leave the jobs that the broker took away, before the worker gives up.
    public var hangLimit: Duration
    public var encoding: WireEncoding
    /// The worker's key and the broker's; `nil` for a connection without keys.
    public var credential: Credential?
    /// Whether a broker on another machine may be spoken to without keys.
    public var allowsPlaintext: Bool

    public static let defaultSlots: UInt32 = 4

    /// - Parameter credits: by default one job more than run, so that the next one is at hand when a slot falls free.
    public init(
        endpoints: [String] = [WireLimits.backEndpoint], name: String, instance: String = Self.randomInstance(),
        pid: UInt32, version: String, slots: UInt32 = Self.defaultSlots, credits: UInt32? = nil,
        drainGrace: Duration = .seconds(20),
        helloInterval: Duration = .seconds(2), hangLimit: Duration = .seconds(30), encoding: WireEncoding = .protobuf,
        credential: Credential? = nil, allowsPlaintext: Bool = false
    ) {
        precondition(slots > 0, "a worker without slots would never do a job")
        precondition(credits != 0, "a worker without credits would never get a job")
        self.endpoints = endpoints
        self.name = name
        self.instance = instance
        self.pid = pid
        self.version = version
        self.slots = slots
        self.credits = credits ?? slots + 1
        self.drainGrace = drainGrace
        self.helloInterval = helloInterval
        self.hangLimit = hangLimit
        self.encoding = encoding
        self.credential = credential
        self.allowsPlaintext = allowsPlaintext
    }

    /// 128 random bits in hexadecimal.
    public static func randomInstance() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

extension WorkerConfiguration {
    var security: ConnectionSecurity { credential.map(ConnectionSecurity.client) ?? .none }

    /// The endpoints, if they may be spoken to.
    /// - Throws: `endpoint`, also for one beyond this machine without keys.
    @discardableResult
    public func checkedEndpoints() throws(MessagingError) -> [Endpoint] {
        guard (1...WireLimits.brokers).contains(endpoints.count), Set(endpoints).count == endpoints.count else {
            throw MessagingError(.endpoint, "1 to \(WireLimits.brokers) different brokers can be named")
        }
        return try endpoints.map { text throws(MessagingError) in
            try Endpoint(text).connectable(hasKeys: credential != nil, allowsPlaintext: allowsPlaintext)
        }
    }
}
