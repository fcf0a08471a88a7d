// SPDX-License-Identifier: MIT

/// Which calls go first.
public enum CallPriority: Int, Sendable, Hashable, CaseIterable {
    /// Somebody waits for it.
    case interactive
    /// Goes when nothing interactive waits, or once it has waited for `SchedulerConfiguration.batchAge`.
    case batch
}

/// What a caller asks for, as far as the scheduler is concerned.
public struct CallTerms: Sendable, Hashable {
    /// The connection that it came by, and that it ends with.
    public var client: ClientID
    /// Who is charged for it: shares and budgets are by account. Several connections may have one.
    public var account: ClientID
    /// What it takes of the broker's memory.
    public var bytes: Int
    /// The picture's width times its height, as the caller says; the worker checks it.
    public var pixels: Int
    public var deadline: Duration
    public var priority: CallPriority
    /// Calls of one kind are expected to take equally long.
    public var kind: Int
    public var picture: PictureKey?
    public var key: IdempotencyKey?
    /// What the request says, in a number: a key that comes with another request is refused.
    public var fingerprint: UInt64

    public init(
        client: ClientID, account: ClientID? = nil, bytes: Int, pixels: Int = 0, deadline: Duration,
        priority: CallPriority = .interactive, kind: Int = 0, picture: PictureKey? = nil, key: IdempotencyKey? = nil,
        fingerprint: UInt64 = 0
    ) {
        self.client = client
        self.account = account ?? client
        self.bytes = bytes
        self.pixels = pixels
        self.deadline = deadline
        self.priority = priority
        self.kind = kind
        self.picture = picture
        self.key = key
        self.fingerprint = fingerprint
    }

    var load: Load { Load(bytes: bytes, pixels: pixels) }
}
