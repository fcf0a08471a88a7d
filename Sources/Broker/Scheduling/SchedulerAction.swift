// SPDX-License-Identifier: MIT

/// What the scheduler asks the loop to do.
public enum SchedulerAction: Hashable, Sendable {
    /// Send the work to the worker.
    case dispatch(Attempt, to: WorkerID)
    /// Tell the worker to stop working on it.
    case cancel(Attempt, at: WorkerID)
    /// Answer the caller; the call is gone.
    case end(CallID, CallEnding, attempts: Int)
    /// Give the caller the answer that was kept of an earlier call.
    case answerAgain(CallID, with: CallID)
    /// An answer that was kept is not needed any more.
    case forgetAnswer(CallID)
    /// Put what this call asked for aside for an operator: it costs workers. Its calls end with the next actions.
    case quarantine(CallID, Blame)
    /// End the worker's session.
    case expel(WorkerID, WorkerLoss)
}

/// How a call ends when no worker's answer ends it.
public enum CallEnding: Hashable, Sendable {
    case deadlineExceeded
    case cancelled
    /// The caller is gone: there is nobody to answer.
    case abandoned
    case noWorker(retryAfter: Duration)
    case queueFull(retryAfter: Duration)
    /// What is here already, by the time that such calls were measured to take, leaves it too little time.
    case noTime(retryAfter: Duration)
    /// Larger than a whole budget: never to be had.
    case tooLarge(Measure, limit: Int)
    case draining
    /// Workers were lost over it.
    case poison(Blame)
    /// Its key belongs to another request.
    case keyReused
}

/// What a budget counts.
public enum Measure: String, Hashable, Sendable {
    case bytes, pixels
}

/// What a call cost.
public struct Blame: Hashable, Sendable {
    /// How often it was handed over.
    public var attempts: Int
    /// How many workers were lost that it was at.
    public var losses: Int
    /// How many of them had begun with it.
    public var failures: Int

    public init(attempts: Int, losses: Int, failures: Int) {
        self.attempts = attempts
        self.losses = losses
        self.failures = failures
    }
}

/// What a worker's answer is good for.
public struct Settlement: Hashable, Sendable {
    /// Whom it answers; nobody, if it came too late.
    public var answered: [CallID] = []
    /// Whether to keep it, until `forgetAnswer`, for whoever asks again.
    public var isKept = false
    public var actions: [SchedulerAction] = []

    public var accepted: Bool { !answered.isEmpty }
}

/// Why a worker's session ended.
public enum WorkerLoss: String, Hashable, Sendable, CaseIterable {
    case silent, stuck, replaced
    /// By its own word.
    case left
    /// Its connection is gone.
    case unreachable
    /// Its RESULT could not be read: whose it was cannot be told.
    case illegible
    /// Its key is not let in any more.
    case revoked
}

/// Why an attempt came to nothing, and its work was given to a worker again.
public enum Setback: Hashable, Sendable {
    case lost(WorkerLoss)
    /// Handed back by the worker, which had not begun or had stopped it.
    case returned
}

/// Numbers that only grow. Those of calls add up: accepted and refused ones are all; finished, deadlines, cancelled,
/// poisoned and refused ones are all that ended.
public struct SchedulerCounters: Hashable, Sendable {
    public var accepted = 0
    public var refused = 0
    public var finished = 0
    public var deadlines = 0
    public var cancelled = 0
    public var poisoned = 0
    /// Of the accepted: those that share the work of an earlier call, and those that got its kept answer.
    public var joined = 0
    public var answeredAgain = 0
    /// Of the refused: for want of time.
    public var hopeless = 0
    public var dispatched = 0
    public var redeliveries: [Setback: Int] = [:]
    public var redelivered: Int { redeliveries.values.reduce(0, +) }
    /// Dispatched to a worker that had the picture.
    public var nearPicture = 0
    /// Messages of attempts that did not count any more.
    public var late = 0
    /// Sessions that workers did not end themselves.
    public var losses: [WorkerLoss: Int] = [:]
    public var workersLost: Int { losses.values.reduce(0, +) }

    public init() {}
}
