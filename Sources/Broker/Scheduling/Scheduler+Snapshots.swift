// SPDX-License-Identifier: MIT

// What an operator wants to see.
extension Scheduler {
    public struct QueueSnapshot: Sendable, Hashable {
        public var waiting: Int
        public var running: Int
        public var bytes: Int
        public var pixels: Int
        /// How long the call that waits longest has waited.
        public var oldest: Duration?
        /// How long the workers need for what waits.
        public var backlog: Duration
    }

    public func queueSnapshot(at now: Duration) -> QueueSnapshot {
        QueueSnapshot(
            waiting: line.count, running: works.count - line.count, bytes: loads.total.bytes,
            pixels: loads.total.pixels, oldest: line.oldestArrival.map { now - $0 }, backlog: time(for: line.work))
    }

    public struct WorkerSnapshot: Sendable, Hashable {
        public var credits: Int
        public var jobs: Int
        public var done: Int
        public var progress: Double
        public var isBusy: Bool
        public var isDraining: Bool
        public var isSetAside: Bool
        /// Busy, and without progress for half of the time after which it counts as stuck.
        public var isStuck: Bool
        public var silence: Duration

        /// Whether it would be given work, had it room.
        public var takesWork: Bool { !isDraining && !isSetAside }

        public var state: WorkerStanding {
            !takesWork ? .draining : isStuck ? .stuck : isBusy || jobs > 0 ? .busy : .idle
        }
    }

    /// What a worker is doing, in a word.
    public enum WorkerStanding: String, Sendable, Hashable, CaseIterable {
        case idle, busy, draining, stuck
    }

    /// How much work waits, by what it waits for.
    public enum WaitReason: String, Sendable, Hashable, CaseIterable {
        case noWorker = "no_worker"
        case noRoom = "no_room"
        /// A worker that is free of everything else.
        case alone
    }

    public var waitReasons: [WaitReason: Int] {
        let hasWorker = workers.contains { $0.value.takesWork }
        return [.alone: line.suspects.count, hasWorker ? .noRoom : .noWorker: line.ordinaryCount]
    }

    public func workerSnapshot(_ id: WorkerID, at now: Duration) -> WorkerSnapshot? {
        workers[id].map { worker in
            WorkerSnapshot(
                credits: worker.credits, jobs: worker.held.count, done: worker.done, progress: worker.progress,
                isBusy: worker.isBusy, isDraining: worker.isDraining,
                isSetAside: worker.isSetAside, isStuck: worker.isStalling(at: now, configuration),
                silence: now - worker.lastHeard)
        }
    }

    public struct AnswersSnapshot: Sendable, Hashable {
        public var count: Int
        public var bytes: Int
    }

    public var answersSnapshot: AnswersSnapshot { AnswersSnapshot(count: answers.count, bytes: answers.bytes) }

    /// What an account's open calls take, and how many of them wait.
    public func accountSnapshot(_ account: ClientID) -> (waiting: Int, bytes: Int, pixels: Int) {
        (line.waiting(of: account), loads[account].bytes, loads[account].pixels)
    }

    /// Whether a worker is here that takes calls.
    public var isServing: Bool { !isDraining && workers.contains { $0.value.takesWork } }

    /// Whether work is still open that this call began.
    public func hasWork(of id: CallID) -> Bool { works[id] != nil }

    /// The call whose work a call waits for: its own, or an earlier one's.
    public func work(of id: CallID) -> CallID? { calls[id]?.work }

    /// How long a call has waited since it came.
    public func age(of id: CallID, at now: Duration) -> Duration? {
        calls[id].map { now - $0.arrival }
    }

    /// What is left of the time of the work that a call began: as much as has who has most of those that wait for it.
    public func remaining(of id: CallID, at now: Duration) -> Duration? {
        works[id]?.calls.compactMap { calls[$0]?.deadline }.max().map { $0 - now }
    }
}
