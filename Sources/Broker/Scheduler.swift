// SPDX-License-Identifier: MIT

internal import OrderedCollections

/// Which call goes to which worker, and how every call ends: exactly once, in time.
///
/// A value without clock, socket or logger. Events come in with the time they happened at, a duration since any fixed
/// moment; what to do comes out. Calls wait by client, and clients take turns, so one that asks for much delays itself.
public struct Scheduler: ~Copyable {
    struct Call {
        let client: ClientID
        let bytes: Int
        let arrival: Duration
        let deadline: Duration
        /// When it was handed over last.
        var dispatchedAt: Duration?
        /// How often it was handed over.
        var attempts = 0
        /// How often a worker was lost that had begun with it.
        var failures = 0
        /// How often a worker was lost that it was at.
        var losses = 0
        var worker: WorkerID?

        /// Whether it may be what a worker was lost over: it is tried again alone, so that the others that were there are
        /// not lost with it again.
        var isSuspect: Bool { failures > 0 }
    }

    struct Worker {
        var credits: Int
        var lastHeard: Duration
        var progress: Double
        var progressedAt: Duration
        var isBusy = false
        var isDraining = false
        /// What it was given and has not answered. Each takes a credit, also when the call has ended meanwhile.
        var held: [Attempt: Held] = [:]
        var done = 0

        /// None while it has a job that must be alone.
        var freeCredits: Int { isDraining || isIsolated ? 0 : max(0, credits - held.count) }
        var isIsolated: Bool { held.values.contains(where: \.isAlone) }

        mutating func shift(by gap: Duration, notPast now: Duration) {
            lastHeard = min(now, lastHeard + gap)
            progressedAt = min(now, progressedAt + gap)
            for attempt in held.keys {
                held[attempt]!.endedAt = held[attempt]!.endedAt.map { min(now, $0 + gap) }
            }
        }

        /// Since when an answer is owed that nobody waits for; `nil` when none is.
        var oldestOwed: Duration? { held.values.compactMap(\.endedAt).min() }
    }

    /// A job at a worker.
    struct Held {
        /// Whether it must have the worker to itself.
        var isAlone = false
        /// Whether the worker said that it began.
        var hasStarted = false
        /// When the call ended without it; from then on the worker owes only its answer.
        var endedAt: Duration?
    }

    public let configuration: SchedulerConfiguration
    public internal(set) var counters = SchedulerCounters()
    var calls: [CallID: Call] = [:]
    var workers: OrderedDictionary<WorkerID, Worker> = [:]
    /// Waiting calls; the first client is served next, then goes to the end.
    var queues: OrderedDictionary<ClientID, [CallID]> = [:]
    private(set) var bytes = 0
    private var isDraining = false
    /// When the last worker went; `nil` while there is one.
    private var withoutWorkerSince: Duration?
    /// A moving average of how long a worker takes, in seconds.
    private var serviceSeconds = 1.0

    /// - Parameter now: when it begins; until the first worker comes, calls wait.
    public init(_ configuration: SchedulerConfiguration = SchedulerConfiguration(), now: Duration) {
        self.configuration = configuration
        withoutWorkerSince = now
    }

    // MARK: - Calls

    /// A caller asks.
    public mutating func callArrived(
        _ id: CallID, client: ClientID, bytes size: Int, deadline: Duration, at now: Duration
    ) -> [SchedulerAction] {
        precondition(calls[id] == nil, "call \(id) twice")
        if let refusal = refusal(size: size, deadline: deadline, now: now) {
            if refusal == .deadlineExceeded { counters.deadlines += 1 } else { counters.refused += 1 }
            return [.end(id, refusal, attempts: 0)]
        }
        let delay = retryDelay(waiting: waitingCount)
        guard let displaced = room(for: client, bytes: size) else {
            counters.refused += 1
            return [.end(id, .queueFull(retryAfter: delay), attempts: 0)]
        }
        var actions: [SchedulerAction] = []
        for other in displaced {
            counters.refused += 1
            actions += end(other, .queueFull(retryAfter: delay), at: now)
        }
        counters.accepted += 1
        bytes += size
        calls[id] = Call(client: client, bytes: size, arrival: now, deadline: deadline)
        queues[client, default: []].append(id)
        return actions + assign(at: now)
    }

    /// A caller gave up; nothing happens for a call that is done or unknown.
    public mutating func callCancelled(_ id: CallID, at now: Duration) -> [SchedulerAction] {
        guard calls[id] != nil else { return [] }
        counters.cancelled += 1
        return end(id, .cancelled, at: now) + assign(at: now)
    }

    /// A caller's connection is gone.
    public mutating func clientGone(_ client: ClientID, at now: Duration) -> [SchedulerAction] {
        let theirs = calls.filter { $0.value.client == client }.keys.sorted()
        counters.cancelled += theirs.count
        return theirs.flatMap { end($0, .abandoned, at: now) } + assign(at: now)
    }

    /// A caller's connection is gone, with these calls; others of the same client go on.
    public mutating func callsAbandoned(_ ids: [CallID], at now: Duration) -> [SchedulerAction] {
        let open = ids.filter { calls[$0] != nil }.sorted()
        counters.cancelled += open.count
        return open.flatMap { end($0, .abandoned, at: now) } + assign(at: now)
    }

    // MARK: - Workers

    /// A worker is ready for its first job.
    public mutating func workerJoined(_ id: WorkerID, credits: Int, at now: Duration) -> [SchedulerAction] {
        precondition(workers[id] == nil && credits > 0, "worker \(id) joins with \(credits) credits")
        workers[id] = Worker(credits: credits, lastHeard: now, progress: 0, progressedAt: now)
        withoutWorkerSince = nil
        return assign(at: now)
    }

    /// Anything came from a worker.
    public mutating func workerHeard(_ id: WorkerID, at now: Duration) {
        workers[id]?.lastHeard = now
    }

    /// A beat: the process lives; whether the engine does is in `progress`.
    public mutating func beat(_ id: WorkerID, progress: Double, isBusy: Bool, at now: Duration) {
        guard var worker = workers[id] else { return }
        worker.lastHeard = now
        // What is no number differs from itself, and would look like work for ever.
        let progress = progress.isFinite ? progress : worker.progress
        if progress != worker.progress || !isBusy || !worker.isBusy {
            worker.progress = progress
            worker.progressedAt = now
        }
        worker.isBusy = isBusy
        workers[id] = worker
    }

    /// The engine began; from now on the job can be blamed.
    public mutating func jobStarted(_ attempt: Attempt, by id: WorkerID) {
        guard workers[id]?.held[attempt] != nil else {
            counters.late += 1
            return
        }
        workers[id]?.held[attempt]?.hasStarted = true
    }

    /// A worker answered.
    /// - Returns: whether the answer is the call's, and what to do next; a late one is counted and dropped.
    public mutating func jobFinished(
        _ attempt: Attempt, by id: WorkerID, at now: Duration
    ) -> (accepted: Bool, actions: [SchedulerAction]) {
        guard workers[id]?.held.removeValue(forKey: attempt) != nil else {
            counters.late += 1
            return (false, [])
        }
        workers[id]?.done += 1
        guard let call = calls[attempt.call], call.worker == id, call.attempts == attempt.number else {
            counters.late += 1
            return (false, assign(at: now))
        }
        counters.finished += 1
        let seconds = max(0.001, Self.seconds(now - (call.dispatchedAt ?? call.arrival)))
        serviceSeconds += (min(seconds, 60) - serviceSeconds) * 0.1
        forget(attempt.call)
        return (true, assign(at: now))
    }

    /// A worker takes no more, and hands these back without having begun.
    public mutating func workerDraining(_ id: WorkerID, returned: [Attempt], at now: Duration) -> [SchedulerAction] {
        guard workers[id] != nil else { return [] }
        workers[id]?.isDraining = true
        for attempt in returned where workers[id]?.held.removeValue(forKey: attempt) != nil {
            requeue(attempt)
        }
        return assign(at: now)
    }

    /// A worker's room has changed, and it hands these back without having begun.
    public mutating func workerOffers(
        _ id: WorkerID, credits: Int, returned: [Attempt], at now: Duration
    ) -> [SchedulerAction] {
        guard workers[id] != nil else { return [] }
        workers[id]?.credits = credits
        for attempt in returned where workers[id]?.held.removeValue(forKey: attempt) != nil {
            requeue(attempt)
        }
        return assign(at: now)
    }

    /// A worker's session is over.
    public mutating func workerLeft(_ id: WorkerID, _ loss: WorkerLoss, at now: Duration) -> [SchedulerAction] {
        if loss != .left, workers[id] != nil { counters.workersLost += 1 }
        return lose(id, at: now) + assign(at: now)
    }

    // MARK: - Time

    /// Nothing new is taken; what is here is finished.
    public mutating func drain() {
        isDraining = true
    }

    /// Whether nothing is left to do.
    public var isIdle: Bool { calls.isEmpty }

    /// The broker itself stood still for so long: that nobody was heard in that time says nothing about anybody.
    public mutating func stoodStill(for gap: Duration, at now: Duration) {
        for id in workers.keys { workers[id]!.shift(by: gap, notPast: now) }
    }

    /// Looks at every clock. To be called at `nextWake`, or more often.
    /// - Parameter hasHeardAll: false while messages of workers are still unread: then none is judged.
    public mutating func timePassed(at now: Duration, hasHeardAll: Bool = true) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        for id in calls.filter({ $0.value.deadline <= now }).keys.sorted() {
            counters.deadlines += 1
            actions += end(id, .deadlineExceeded, at: now)
        }
        for (id, worker) in workers where hasHeardAll {
            guard let loss = loss(of: worker, at: now) else { continue }
            counters.workersLost += 1
            actions.append(.expel(id, loss))
            actions += lose(id, at: now)
        }
        if let since = withoutWorkerSince {
            for id in waiting where max(since, calls[id]!.arrival) + configuration.noWorkerPatience <= now {
                counters.refused += 1
                actions += end(id, .noWorker(retryAfter: configuration.noWorkerPatience), at: now)
            }
        }
        return actions + assign(at: now)
    }

    /// When `timePassed` has something to do next, if nothing happens before.
    public var nextWake: Duration? {
        var times = calls.values.map(\.deadline)
        for worker in workers.values {
            times.append(worker.lastHeard + configuration.silenceLimit)
            if let stall = stall(of: worker) { times.append(stall) }
            if let owed = worker.oldestOwed { times.append(owed + configuration.answerLimit) }
        }
        if let since = withoutWorkerSince {
            times += waiting.map { max(since, calls[$0]!.arrival) + configuration.noWorkerPatience }
        }
        return times.min()
    }

    // MARK: - Inside

    var waiting: [CallID] { queues.values.flatMap { $0 } }

    private func refusal(size: Int, deadline: Duration, now: Duration) -> CallEnding? {
        if deadline <= now { return .deadlineExceeded }
        if isDraining { return .draining }
        if size > configuration.queueBytes { return .tooLarge(limit: configuration.queueBytes) }
        return nil
    }

    var waitingCount: Int { queues.values.reduce(0) { $0 + $1.count } }

    /// How long the workers need for what waits and the call that is refused.
    private func retryDelay(waiting: Int) -> Duration {
        let credits = max(1, workers.values.reduce(0) { $0 + $1.credits })
        let seconds = serviceSeconds * Double(waiting + 1) / Double(credits)
        return .milliseconds(Int(min(60, max(0.05, seconds)) * 1000))
    }

    private func loss(of worker: Worker, at now: Duration) -> WorkerLoss? {
        if worker.lastHeard + configuration.silenceLimit <= now { return .silent }
        if let stall = stall(of: worker), stall <= now { return .stuck }
        if let owed = worker.oldestOwed, owed + configuration.answerLimit <= now { return .stuck }
        return nil
    }

    /// When a worker counts as stuck if it makes no progress; `nil` while it never does.
    private func stall(of worker: Worker) -> Duration? {
        worker.isBusy && configuration.stallLimit > .zero ? worker.progressedAt + configuration.stallLimit : nil
    }

    /// Takes a worker out; its calls go back to the front of their queues, those that cost too many workers end.
    private mutating func lose(_ id: WorkerID, at now: Duration) -> [SchedulerAction] {
        guard let worker = workers.removeValue(forKey: id) else { return [] }
        if workers.isEmpty { withoutWorkerSince = now }
        var actions: [SchedulerAction] = []
        // The youngest first: each goes to the front, so that the oldest ends up there.
        for (attempt, held) in worker.held.sorted(by: { $0.key.call > $1.key.call }) {
            guard let call = calls[attempt.call], call.worker == id, call.attempts == attempt.number else { continue }
            calls[attempt.call]!.losses += 1
            if held.hasStarted { calls[attempt.call]!.failures += 1 }
            if isPoison(calls[attempt.call]!) {
                counters.poisoned += 1
                calls[attempt.call]!.worker = nil
                actions += end(attempt.call, .poison(losses: calls[attempt.call]!.losses), at: now)
            } else {
                requeue(attempt)
            }
        }
        return actions
    }

    private func isPoison(_ call: Call) -> Bool {
        call.failures >= configuration.maxFailures || call.losses >= configuration.maxLosses
    }

    private mutating func requeue(_ attempt: Attempt) {
        guard let call = calls[attempt.call], call.attempts == attempt.number else { return }
        calls[attempt.call]!.worker = nil
        queues[call.client, default: []].insert(attempt.call, at: 0)
    }

    /// Ends a call and, if somebody works on it, the work.
    private mutating func end(_ id: CallID, _ ending: CallEnding, at now: Duration) -> [SchedulerAction] {
        guard let call = calls[id] else { return [] }
        var actions: [SchedulerAction] = []
        if let worker = call.worker {
            let attempt = Attempt(call: id, number: call.attempts)
            workers[worker]?.held[attempt]?.endedAt = now
            actions.append(.cancel(attempt, at: worker))
        }
        forget(id)
        return actions + [.end(id, ending, attempts: call.attempts)]
    }

    private mutating func forget(_ id: CallID) {
        guard let call = calls.removeValue(forKey: id) else { return }
        bytes -= call.bytes
        guard call.worker == nil, var queue = queues[call.client] else { return }
        queue.removeAll { $0 == id }
        queues[call.client] = queue.isEmpty ? nil : queue
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}

extension Scheduler {
    /// What an operator wants to see of the queue.
    public struct QueueSnapshot: Sendable, Hashable {
        public var waiting: Int
        public var running: Int
        public var bytes: Int
        public var oldest: Duration?
    }

    public func queueSnapshot(at now: Duration) -> QueueSnapshot {
        let waiting = calls.values.filter { $0.worker == nil }
        return QueueSnapshot(
            waiting: waiting.count, running: calls.count - waiting.count,
            bytes: bytes,
            oldest: waiting.map { now - $0.arrival }.max())
    }

    /// What an operator wants to see of a worker.
    public struct WorkerSnapshot: Sendable, Hashable {
        public var credits: Int
        public var jobs: Int
        public var done: Int
        public var progress: Double
        public var isBusy: Bool
        public var isDraining: Bool
        public var silence: Duration
    }

    public func workerSnapshot(_ id: WorkerID, at now: Duration) -> WorkerSnapshot? {
        workers[id].map { worker in
            WorkerSnapshot(
                credits: worker.credits, jobs: worker.held.count, done: worker.done, progress: worker.progress,
                isBusy: worker.isBusy, isDraining: worker.isDraining, silence: now - worker.lastHeard)
        }
    }

    /// Whether a worker is here that takes calls.
    public var isServing: Bool { !isDraining && workers.values.contains { !$0.isDraining } }

    /// How long a call has waited since it came.
    public func age(of id: CallID, at now: Duration) -> Duration? {
        calls[id].map { now - $0.arrival }
    }

    /// What is left of a call's time.
    public func remaining(of id: CallID, at now: Duration) -> Duration? {
        calls[id].map { $0.deadline - now }
    }
}
