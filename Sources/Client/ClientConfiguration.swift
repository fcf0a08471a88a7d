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
