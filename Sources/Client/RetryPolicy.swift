// SPDX-License-Identifier: MIT
package import Wire

/// When a call that was refused is sent again, within its deadline: gRPC's rules (proposal A6).
public struct RetryPolicy: Sendable, Hashable {
    /// The first one included; 1 switches retries off.
    public var attempts: Int
    public var firstPause: Duration
    public var longestPause: Duration
    /// How many tokens a client has at most: a failure takes one, and with half of them gone nothing is tried again.
    public var tokens: Double
    /// What a success gives back.
    public var tokenRatio: Double

    public init(
        attempts: Int = 3, firstPause: Duration = .milliseconds(100), longestPause: Duration = .seconds(2),
        tokens: Double = 10, tokenRatio: Double = 0.1
    ) {
        self.attempts = attempts
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.tokens = tokens
        self.tokenRatio = tokenRatio
    }

    public static let never = RetryPolicy(attempts: 1)

    /// Whether the call might end otherwise if it is sent again: no broker could take it, or this one said when it can.
    package func isRetryable(_ status: RPCStatus) -> Bool {
        status.code == .unavailable || (status.code == .resourceExhausted && status.retryDelayMilliseconds != nil)
    }

    /// How long to wait before the next attempt; `nil` to give up.
    ///
    /// The broker's own delay goes before the policy's. A broker that was not there for the whole connect timeout, or
    /// that had no worker for all of its own patience, is not asked again: the caller has waited enough. Where there are
    /// others, they are. Nor is one asked again that has too little time for the call: it will not have more.
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
        guard isRetryable(status), ![.noBroker, .noTime].contains(status.reason), attempt < most else { return nil }
        guard status.reason != .noWorker || brokers > 1 else { return nil }
        let ceiling = min(firstPause * (1 << min(attempt - 1, 20)), longestPause)
        // Another broker need not be given the time that this one asked for.
        if brokers > 1, status.wantsAnotherBroker { return ceiling * jitter < remaining ? ceiling * jitter : nil }
        let pause = status.retryDelayMilliseconds.map { Duration.milliseconds(Int($0)) } ?? ceiling * jitter
        return pause < remaining ? pause : nil
    }
}

/// What keeps the clients of a service in trouble from asking it ever more: the tokens of gRPC's retry throttling.
package struct RetryThrottle: Sendable {
    private let limit: Double
    private let ratio: Double
    package private(set) var tokens: Double

    package init(_ policy: RetryPolicy) {
        limit = policy.tokens
        ratio = policy.tokenRatio
        tokens = policy.tokens
    }

    /// Whether anything may be tried again now.
    package var isOpen: Bool { tokens > limit / 2 }

    package mutating func failed() { tokens = max(0, tokens - 1) }
    package mutating func succeeded() { tokens = min(limit, tokens + ratio) }
}
