// SPDX-License-Identifier: MIT

/// When durable jobs are taken out of the journal, and how many: a value without clock or journal.
///
/// They are given to the scheduler as ordinary calls of one more client, and only into room that nobody else wants, so
/// that calls that somebody waits for come first. One runs at a time even so, or a busy service would never do any.
package struct JobPump {
    /// Most jobs that are open at a time, and their bytes: the rest waits on disk, not in memory.
    package static let mostJobs = 256
    package static let mostBytes = 64 << 20

    private var running: [CallID: Int64] = [:]
    private var calls: [Int64: CallID] = [:]
    private var bytes = 0
    private var sizes: [CallID: Int] = [:]
    private var isAsking = false
    /// When the journal is to be asked next; `nil` while it has nothing.
    package private(set) var askAt: Duration? = .zero

    package init() {}

    /// How the scheduler stands.
    package struct Room {
        /// Calls that wait for a worker.
        package var waiting: Int
        /// Jobs that the workers could take now.
        package var freeCredits: Int
        package var hasWorkers: Bool

        package init(waiting: Int, freeCredits: Int, hasWorkers: Bool) {
            self.waiting = waiting
            self.freeCredits = freeCredits
            self.hasWorkers = hasWorkers
        }
    }

    /// How many jobs to ask for; `nil` for none. Until the answer comes it asks for no more.
    package mutating func wanted(_ room: Room, at now: Duration) -> (count: Int, bytes: Int)? {
        guard !isAsking, let askAt, askAt <= now, room.hasWorkers else { return nil }
        let idle = room.waiting == 0 ? room.freeCredits : 0
        let count = min(max(idle, running.isEmpty ? 1 : 0), Self.mostJobs - running.count)
        guard count > 0, bytes < Self.mostBytes else { return nil }
        isAsking = true
        return (count, Self.mostBytes - bytes)
    }

    /// The journal answered.
    /// - Parameter next: when there may be more; `nil` when not before something comes.
    package mutating func answered(next: Duration?) {
        isAsking = false
        askAt = next
    }

    /// There may be something in the journal now.
    package mutating func workCame() {
        askAt = .zero
    }

    package mutating func began(_ job: Int64, as call: CallID, bytes size: Int) {
        running[call] = job
        calls[job] = call
        sizes[call] = size
        bytes += size
    }

    package mutating func ended(_ call: CallID) {
        guard let job = running.removeValue(forKey: call) else { return }
        calls[job] = nil
        bytes -= sizes.removeValue(forKey: call) ?? 0
    }

    package func call(of job: Int64) -> CallID? { calls[job] }
    package var count: Int { running.count }
}
