// SPDX-License-Identifier: MIT

/// The scheduler's terms. Times are durations; the scheduler itself has no clock.
public struct SchedulerConfiguration: Sendable, Hashable {
    /// A sign of life comes at least so often; both sides send two in that time.
    public var beatInterval: Duration
    /// So many intervals without one, and a worker is dead.
    public var liveness: Int
    /// A busy worker whose progress stands still for so long is stuck; zero: never.
    public var stallLimit: Duration
    /// A worker that has not answered a job so long after its call had ended is stuck: its credit would never come back.
    public var answerLimit: Duration
    /// How long a call waits while there is no worker at all; a restarting worker comes back within it.
    public var noWorkerPatience: Duration

    /// A call that was being worked on when so many workers were lost is not tried again.
    public var maxFailures: Int
    /// Nor is one that was at a worker, begun or not, when so many were lost: a job that kills its worker at once leaves no
    /// word that it had begun.
    public var maxLosses: Int

    /// Most calls waiting for a worker; and of one account.
    public var queueCalls: Int
    public var clientCalls = 512
    /// Most bytes of all open calls, running ones included; and of one account.
    public var queueBytes: Int
    public var clientBytes = 128 << 20
    /// Most pixels of the pictures of all open calls; and of one account.
    public var queuePixels = 2 << 30
    public var clientPixels = 1 << 30
    /// Most calls that wait for one piece of work under one key.
    public var joinedCalls = 16

    /// A batch call that has waited so long goes with the interactive ones.
    public var batchAge: Duration = .seconds(10)
    /// How many jobs more than the least busy worker one may have and still get a call for the picture that it has.
    public var pictureImbalance = 2
    /// How many pictures of a worker are remembered, the latest.
    public var picturesPerWorker = 16

    /// How long an answer is kept for a call that comes again under its key; how many, and how many bytes of them.
    public var answersKeptFor: Duration = .seconds(60)
    public var answersKept = 4096
    public var answerBytesKept = 32 << 20

    public init(
        beatInterval: Duration = .seconds(1), liveness: Int = 2, stallLimit: Duration = .seconds(30),
        answerLimit: Duration = .seconds(30), maxFailures: Int = 3, maxLosses: Int = 8, queueCalls: Int = 1024,
        queueBytes: Int = 256 << 20, noWorkerPatience: Duration = .seconds(5)
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
    /// How often each side shows that it lives, so that one late beat kills nobody.
    public var beatPause: Duration { beatInterval / 2 }
}
