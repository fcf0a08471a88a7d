// SPDX-License-Identifier: MIT
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

    public init(
        endpoint: String = WireLimits.frontEndpoint, connectTimeout: Duration = .seconds(2),
        timeout: Duration = .milliseconds(Int(WireLimits.defaultTimeoutMilliseconds)), openCallLimit: Int = 1024,
        retry: RetryPolicy = RetryPolicy(), encoding: WireEncoding = .protobuf
    ) {
        self.endpoint = endpoint
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.openCallLimit = openCallLimit
        self.retry = retry
        self.encoding = encoding
    }
}
