// SPDX-License-Identifier: MIT

/// The scheduler's terms. Times are durations; the scheduler itself has no clock.
public struct SchedulerConfiguration: Sendable, Hashable {
    /// How often worker and broker show each other a sign of life.
    public var beatInterval: Duration
    /// So many intervals without one, and a worker is dead.
    public var liveness: Int
    /// A busy worker whose progress stands still for so long is stuck; zero: never.
    public var stallLimit: Duration
    /// A worker that has not answered a job so long after its call had ended is stuck: its credit would never come back.
    public var answerLimit: Duration
    /// A call that was being worked on when so many workers were lost is not tried again.
    public var maxFailures: Int
    /// Nor is one that was at a worker, begun or not, when so many were lost: a job that kills its worker at once leaves no
    /// word that it had begun.
    public var maxLosses: Int
    /// Most calls waiting for a worker.
    public var queueCalls: Int
    /// Most bytes of all open calls, running ones included.
    public var queueBytes: Int
    /// How long a call waits while there is no worker at all; a restarting worker comes back within it.
    public var noWorkerPatience: Duration

    public init(
        beatInterval: Duration = .milliseconds(500), liveness: Int = 4, stallLimit: Duration = .seconds(30),
        answerLimit: Duration = .seconds(30), maxFailures: Int = 3, maxLosses: Int = 8, queueCalls: Int = 1024,
        queueBytes: Int = 256 << 20,
        noWorkerPatience: Duration = .seconds(5)
    ) {
        self.beatInterval = beatInterval
        self.liveness = liveness
        self.stallLimit = stallLimit
        self.answerLimit = answerLimit
        self.maxFailures = maxFailures
        self.maxLosses = maxLosses
        self.queueCalls = queueCalls
        self.queueBytes = queueBytes
        self.noWorkerPatience = noWorkerPatience
    }

    /// How long a worker may be silent.
    public var silenceLimit: Duration { beatInterval * liveness }
}
