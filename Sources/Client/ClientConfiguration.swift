// SPDX-License-Identifier: MIT
public import Messaging
public import Wire

/// How a client reaches its broker.
public struct ClientConfiguration: Sendable, Hashable {
    /// The endpoints for clients of brokers that are as good as each other; the first that answers is used, and the next one
    /// when it is gone or stops.
    public var endpoints: [String]
    /// A call that could not be handed to a broker within this ends with UNAVAILABLE.
    public var connectTimeout: Duration
    /// For calls that name none.
    public var timeout: Duration
    /// Calls beyond this many open ones are refused with RESOURCE_EXHAUSTED.
    public var openCallLimit: Int
    public var retry: RetryPolicy
    /// How headers and bodies are written.
    public var encoding: WireEncoding
    /// The client's key and the broker's; `nil` for a connection without keys.
    public var credential: Credential?
    /// Whether a broker on another machine may be spoken to without keys.
    public var allowsPlaintext: Bool

    public init(
        endpoints: [String] = [WireLimits.frontEndpoint], connectTimeout: Duration = .seconds(2),
        timeout: Duration = .milliseconds(Int(WireLimits.defaultTimeoutMilliseconds)), openCallLimit: Int = 1024,
        retry: RetryPolicy = RetryPolicy(), encoding: WireEncoding = .protobuf,
        credential: Credential? = nil, allowsPlaintext: Bool = false
    ) {
        self.endpoints = endpoints
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.openCallLimit = openCallLimit
        self.retry = retry
        self.encoding = encoding
        self.credential = credential
        self.allowsPlaintext = allowsPlaintext
    }
}

/// When a call that ended UNAVAILABLE is sent again, within its deadline.
public struct RetryPolicy: Sendable, Hashable {
    /// The first one included; 1 switches retries off.
    public var attempts: Int
    public var firstPause: Duration
    public var longestPause: Duration

    public init(attempts: Int = 3, firstPause: Duration = .milliseconds(100), longestPause: Duration = .seconds(2)) {
        self.attempts = attempts
        self.firstPause = firstPause
        self.longestPause = longestPause
    }

    public static let never = RetryPolicy(attempts: 1)

    /// How long to wait before the next attempt; `nil` to give up.
    ///
    /// The broker's own delay goes before the policy's. A broker that was not there for the whole connect timeout, or
    /// that had no worker for all of its own patience, is not asked again: the caller has waited enough. Where there are
    /// others, they are.
    ///
    /// - Parameters:
    ///   - brokers: how many there are; each one more is worth one attempt more.
    ///   - attempt: 1 after the first one.
    ///   - remaining: what is left of the call's time.
    ///   - jitter: 0...1, so that many clients do not come back at once.
    package func pause(
        after status: RPCStatus, attempt: Int, brokers: Int = 1, remaining: Duration, jitter: Double
    ) -> Duration? {
        let most = attempts > 1 ? attempts + brokers - 1 : 1
        guard status.code == .unavailable, status.reason != .noBroker, attempt < most else { return nil }
        guard status.reason != .noWorker || brokers > 1 else { return nil }
        let ceiling = min(firstPause * (1 << min(attempt - 1, 20)), longestPause)
        // Another broker need not be given the time that this one asked for.
        if brokers > 1, status.wantsAnotherBroker { return ceiling * jitter < remaining ? ceiling * jitter : nil }
        let pause = status.retryDelayMilliseconds.map { Duration.milliseconds(Int($0)) } ?? ceiling * jitter
        return pause < remaining ? pause : nil
    }
}

extension ClientConfiguration {
    /// For a single broker.
    public init(
        endpoint: String, connectTimeout: Duration = .seconds(2),
        timeout: Duration = .milliseconds(Int(WireLimits.defaultTimeoutMilliseconds)), openCallLimit: Int = 1024,
        retry: RetryPolicy = RetryPolicy(), encoding: WireEncoding = .protobuf, credential: Credential? = nil,
        allowsPlaintext: Bool = false
    ) {
        self.init(
            endpoints: [endpoint], connectTimeout: connectTimeout, timeout: timeout, openCallLimit: openCallLimit,
            retry: retry, encoding: encoding, credential: credential, allowsPlaintext: allowsPlaintext)
    }

    var security: ConnectionSecurity { credential.map(ConnectionSecurity.client) ?? .none }

    /// - Throws: `endpoint`, also for one beyond this machine without keys.
    func checkedEndpoints() throws(MessagingError) -> [Endpoint] {
        guard (1...WireLimits.brokers).contains(endpoints.count) else {
            throw MessagingError(.endpoint, "\(endpoints.count) brokers are named; 1 to \(WireLimits.brokers) can be")
        }
        return try endpoints.map { text throws(MessagingError) in
            try Endpoint(text).connectable(hasKeys: credential != nil, allowsPlaintext: allowsPlaintext)
        }
    }
}
