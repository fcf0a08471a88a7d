// SPDX-License-Identifier: MIT

internal import OrderedCollections

// Which waiting call goes to which worker.
extension Scheduler {
    /// Hands waiting calls to workers with room: clients in turn, to the worker that has the smallest share of its room
    /// taken.
    ///
    /// A call that was running when a worker was lost goes first, and alone: several ran there, and the next loss tells
    /// which of them it was. A worker is kept free for it while others have all the rest.
    mutating func assign(at now: Duration) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        while let suspect = waitingSuspect, let worker = emptyWorker {
            remove(suspect)
            actions.append(hand(suspect, to: worker, isAlone: true, at: now))
        }
        let kept = waitingSuspect == nil ? nil : leastLoaded(except: nil)
        while let client = nextClient, let worker = leastLoaded(except: kept) {
            let id = takeOrdinary(of: client)
            actions.append(hand(id, to: worker, isAlone: false, at: now))
        }
        return actions
    }

    /// The oldest call that must be alone.
    private var waitingSuspect: CallID? {
        waiting.filter { calls[$0]!.isSuspect }.min()
    }

    private var emptyWorker: WorkerID? {
        workers.first { $0.value.held.isEmpty && $0.value.freeCredits > 0 }?.key
    }

    /// Compares shares by their products: there are no fractions to round. Of equals the one with more room.
    private func leastLoaded(except kept: WorkerID?) -> WorkerID? {
        var best: (id: WorkerID, worker: Worker)?
        for (id, worker) in workers where worker.freeCredits > 0 && id != kept {
            guard let (_, other) = best else {
                best = (id, worker)
                continue
            }
            let (mine, theirs) = (worker.held.count * other.credits, other.held.count * worker.credits)
            if mine < theirs || (mine == theirs && worker.credits > other.credits) { best = (id, worker) }
        }
        return best?.id
    }

    /// The client whose turn it is, among those with a call that need not be alone.
    private var nextClient: ClientID? {
        for (client, queue) in queues where queue.contains(where: { !calls[$0]!.isSuspect }) { return client }
        return nil
    }

    /// The client's oldest call that need not be alone; the client goes to the end of the line.
    private mutating func takeOrdinary(of client: ClientID) -> CallID {
        var queue = queues.removeValue(forKey: client)!
        let index = queue.firstIndex { !calls[$0]!.isSuspect }!
        let id = queue.remove(at: index)
        if !queue.isEmpty { queues[client] = queue }
        return id
    }

    private mutating func remove(_ id: CallID) {
        let client = calls[id]!.client
        let queue = queues[client]!.filter { $0 != id }
        queues[client] = queue.isEmpty ? nil : queue
    }

    private mutating func hand(_ id: CallID, to worker: WorkerID, isAlone: Bool, at now: Duration) -> SchedulerAction {
        calls[id]!.attempts += 1
        calls[id]!.dispatchedAt = now
        calls[id]!.worker = worker
        let attempt = Attempt(call: id, number: calls[id]!.attempts)
        workers[worker]!.held[attempt] = Held(isAlone: isAlone)
        counters.dispatched += 1
        if attempt.number > 1 { counters.redelivered += 1 }
        return .dispatch(attempt, to: worker)
    }
}
