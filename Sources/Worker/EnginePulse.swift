// SPDX-License-Identifier: MIT

/// Whether the engine lives: it has nothing to do, or does something.
package struct EnginePulse: Sendable {
    /// A busy engine without progress for longer is taken for hung: twice what a broker waits before it takes its jobs away.
    package static let limit: Duration = .seconds(60)

    private let limit: Duration
    private var progress: UInt64 = 0
    private var movedAt: ContinuousClock.Instant?

    package init(limit: Duration = Self.limit) {
        self.limit = limit
    }

    /// - Parameter progress: grows with every bit of work.
    package mutating func isAlive(progress: UInt64, isBusy: Bool, at now: ContinuousClock.Instant) -> Bool {
        if progress != self.progress || !isBusy || movedAt == nil { movedAt = now }
        self.progress = progress
        return now < movedAt! + limit
    }
}

/// Signs of life of a worker, for whoever watches its process. Called by the thread of its loop.
public struct WorkerSigns: Sendable {
    /// The model is loaded.
    public var ready: @Sendable () -> Void
    /// The loop turns, and the engine does not hang; often.
    public var alive: @Sendable () -> Void

    public init(ready: @escaping @Sendable () -> Void = {}, alive: @escaping @Sendable () -> Void = {}) {
        self.ready = ready
        self.alive = alive
    }
}
