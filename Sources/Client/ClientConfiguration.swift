// SPDX-License-Identifier: MIT
public import Messaging
public import Wire

/// How a client reaches its broker.
public struct ClientConfiguration: Sendable, Hashable {
    /// The broker's endpoint for clients.
    public var endpoint: String
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
        endpoint: String = WireLimits.frontEndpoint, connectTimeout: Duration = .seconds(2),
        timeout: Duration = .milliseconds(Int(WireLimits.defaultTimeoutMilliseconds)), openCallLimit: Int = 1024,
        retry: RetryPolicy = RetryPolicy(), encoding: WireEncoding = .protobuf,
        credential: Credential? = nil, allowsPlaintext: Bool = false
    ) {
        self.endpoint = endpoint
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
    /// that had no worker for all of its own patience, is not asked again: the caller has waited enough.
    ///
    /// - Parameters:
    ///   - attempt: 1 after the first one.
    ///   - remaining: what is left of the call's time.
    ///   - jitter: 0...1, so that many clients do not come back at once.
    package func pause(
        after status: RPCStatus, attempt: Int, remaining: Duration, jitter: Double
    ) -> Duration? {
        guard status.code == .unavailable, ![.noBroker, .noWorker].contains(status.reason), attempt < attempts else {
            return nil
        }
        let ceiling = min(firstPause * (1 << min(attempt - 1, 20)), longestPause)
        let pause = status.retryDelayMilliseconds.map { Duration.milliseconds(Int($0)) } ?? ceiling * jitter
        return pause < remaining ? pause : nil
    }
}

extension ClientConfiguration {
    /// - Throws: `endpoint`, also for one beyond this machine without keys.
    func checkedEndpoint() throws(MessagingError) -> Endpoint {
        try Endpoint(endpoint).connectable(hasKeys: credential != nil, allowsPlaintext: allowsPlaintext)
    }
}
