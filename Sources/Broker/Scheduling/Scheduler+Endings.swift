// SPDX-License-Identifier: MIT

// How calls end, and how work ends or begins anew.
extension Scheduler {
    /// Ends one call; the work goes on for others that wait for it, and stops when there is none.
    mutating func end(_ id: CallID, _ ending: CallEnding, at now: Duration) -> [SchedulerAction] {
        guard let call = calls[id], let work = works[call.work] else { return [] }
        forget(id)
        works[call.work]!.calls.removeAll { $0 == id }
        let isLast = works[call.work]!.calls.isEmpty
        return (isLast ? stop(call.work, at: now) : []) + [.end(id, ending, attempts: work.attempts)]
    }

    /// Ends all calls that wait for it.
    mutating func endWork(_ id: CallID, _ ending: CallEnding, at now: Duration) -> [SchedulerAction] {
        works[id]!.calls.flatMap { end($0, ending, at: now) }
    }

    /// The same, of what was let in and is sent away after all.
    mutating func refuseWork(_ id: CallID, _ ending: CallEnding, at now: Duration) -> [SchedulerAction] {
        let count = works[id]!.calls.count
        counters.refused += count
        if case .noTime = ending { counters.hopeless += count }
        return endWork(id, ending, at: now)
    }

    /// Nobody waits for it any more. A worker that has it owes its answer all the same: until then its credit is taken.
    private mutating func stop(_ id: CallID, at now: Duration) -> [SchedulerAction] {
        guard let work = works[id] else { return [] }
        guard let holder = work.holder else {
            drop(id, spent: .zero)
            return []
        }
        let attempt = Attempt(call: id, number: work.attempts)
        let started = workers[holder.worker]?.held[attempt]?.startedAt
        turnovers.measured(atLeast: now - holder.since, kind: work.terms.kind)
        let spent = started.map { now - $0 } ?? .zero
        services.measured(atLeast: spent, kind: work.terms.kind)
        drop(id, spent: spent)
        workers[holder.worker]?.held[attempt]?.endedAt = now
        return [.cancel(attempt, at: holder.worker)]
    }

    mutating func forget(_ id: CallID) {
        calls[id] = nil
        deadlines.drop(openCount: calls.count) { [calls] in calls[$0] != nil }
    }

    /// Takes work out of the books; its calls have ended, or are about to.
    /// - Parameter time: what the worker that has it spent on it.
    mutating func drop(_ id: CallID, spent time: Duration) {
        guard let work = works.removeValue(forKey: id) else { return }
        loads.remove(work.terms.load, of: work.terms.account)
        if let key = work.terms.key, openKeys[key] == id { openKeys[key] = nil }
        if work.holder != nil {
            line.correct(work.terms.account, by: time - work.price)
        } else {
            line.remove(work.place(id))
        }
    }

    /// Work comes back from a worker without an answer. Its account has had nothing of it.
    mutating func waitAgain(_ id: CallID) {
        let work = works[id]!
        line.correct(work.terms.account, by: .zero - work.price)
        works[id]!.holder = nil
        line.insert(work.place(id))
    }

    /// Takes a worker out. Its work waits again, in its old place; what cost too many workers ends.
    mutating func lose(_ id: WorkerID, _ loss: WorkerLoss, at now: Duration) -> [SchedulerAction] {
        guard let worker = workers.removeValue(forKey: id) else { return [] }
        if loss != .left { counters.losses[loss, default: 0] += 1 }
        noteAbsence(at: now)
        var actions: [SchedulerAction] = []
        for (attempt, held) in worker.held where isCurrent(attempt, at: id) {
            works[attempt.call]!.losses += 1
            works[attempt.call]!.setback = .lost(loss)
            if held.startedAt != nil { works[attempt.call]!.failures += 1 }
            if isPoison(works[attempt.call]!) {
                actions += endPoison(attempt.call, at: now)
            } else {
                waitAgain(attempt.call)
            }
        }
        return actions
    }

    private func isPoison(_ work: Work) -> Bool {
        work.failures >= configuration.maxFailures || work.losses >= configuration.maxLosses
    }

    private mutating func endPoison(_ id: CallID, at now: Duration) -> [SchedulerAction] {
        waitAgain(id)
        let work = works[id]!
        counters.poisoned += work.calls.count
        return [.quarantine(id, work.blame)] + endWork(id, .poison(work.blame), at: now)
    }
}
