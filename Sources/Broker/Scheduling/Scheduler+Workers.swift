// SPDX-License-Identifier: MIT

// What workers say and do.
extension Scheduler {
    /// A worker is ready for its first job.
    /// - Parameter isSetAside: whether an operator drained it in an earlier session.
    public mutating func workerJoined(
        _ id: WorkerID, credits: Int, isSetAside: Bool = false, at now: Duration
    ) -> [SchedulerAction] {
        precondition(workers[id] == nil && credits > 0, "worker \(id) joins with \(credits) credits")
        workers[id] = WorkerState(credits: credits, pictures: configuration.picturesPerWorker, at: now)
        workers[id]!.isSetAside = isSetAside
        noteAbsence(at: now)
        return assign(at: now)
    }

    /// Anything came from a worker.
    public mutating func workerHeard(_ id: WorkerID, at now: Duration) {
        workers[id]?.heard(at: now)
    }

    /// A beat: the process lives; whether the engine does is in `progress`.
    public mutating func beat(_ id: WorkerID, progress: Double, isBusy: Bool, at now: Duration) {
        workers[id]?.beat(progress: progress, isBusy: isBusy, at: now)
    }

    /// The engine began; from now on the job can be blamed.
    public mutating func jobStarted(_ attempt: Attempt, by id: WorkerID, at now: Duration) {
        guard let held = workers[id]?.held[attempt] else {
            counters.late += 1
            return
        }
        workers[id]!.held[attempt]!.startedAt = held.startedAt ?? now
    }

    /// A worker tells part of an answer.
    /// - Returns: the calls that it is for; those of a late one are none.
    public mutating func jobTold(_ attempt: Attempt, by id: WorkerID) -> [CallID] {
        guard isCurrent(attempt, at: id), let work = works[attempt.call] else {
            counters.late += 1
            return []
        }
        return work.calls
    }

    /// A worker answered.
    ///
    /// - Parameter answerBytes: the size of an answer that may be given again; `nil` for one that may not.
    /// - Returns: whom the answer is for, and what to do next; a late one is counted and is for nobody.
    public mutating func jobFinished(
        _ attempt: Attempt, by id: WorkerID, answerBytes: Int? = nil, at now: Duration
    ) -> Settlement {
        guard let held = workers[id]?.held.removeValue(forKey: attempt) else {
            counters.late += 1
            return Settlement()
        }
        workers[id]!.done += 1
        guard isCurrent(attempt, at: id), let work = works[attempt.call], let holder = work.holder else {
            counters.late += 1
            return Settlement(actions: assign(at: now))
        }
        turnovers.measured(now - holder.since, kind: work.terms.kind)
        services.measured(now - (held.startedAt ?? holder.since), kind: work.terms.kind)
        counters.finished += work.calls.count
        for call in work.calls { forget(call) }
        drop(attempt.call, spent: now - (held.startedAt ?? holder.since))
        var settlement = Settlement(answered: work.calls)
        if let key = work.terms.key, let answerBytes {
            settlement.isKept = answers.keep(
                attempt.call, key: key, fingerprint: work.terms.fingerprint, bytes: answerBytes, at: now)
        }
        settlement.actions = forgetAnswers(at: now) + assign(at: now)
        return settlement
    }

    /// A worker takes no more, and hands these back without having begun, or having stopped them.
    public mutating func workerDraining(_ id: WorkerID, returned: [Attempt], at now: Duration) -> [SchedulerAction] {
        guard workers[id] != nil else { return [] }
        workers[id]!.isDraining = true
        takeBack(returned, from: id)
        return assign(at: now)
    }

    /// A worker's room has changed, and it hands these back without having begun.
    public mutating func workerOffers(
        _ id: WorkerID, credits: Int, returned: [Attempt], at now: Duration
    ) -> [SchedulerAction] {
        guard workers[id] != nil else { return [] }
        workers[id]!.credits = credits
        takeBack(returned, from: id)
        return assign(at: now)
    }

    private mutating func takeBack(_ attempts: [Attempt], from id: WorkerID) {
        for attempt in attempts where workers[id]!.held.removeValue(forKey: attempt) != nil {
            guard isCurrent(attempt, at: id) else { continue }
            works[attempt.call]!.setback = .returned
            waitAgain(attempt.call)
        }
    }

    /// A worker's session is over.
    public mutating func workerLeft(_ id: WorkerID, _ loss: WorkerLoss, at now: Duration) -> [SchedulerAction] {
        lose(id, loss, at: now) + assign(at: now)
    }

    /// Whether this is the attempt that has the work now: any other is late, whatever it says.
    func isCurrent(_ attempt: Attempt, at worker: WorkerID) -> Bool {
        guard let work = works[attempt.call] else { return false }
        return work.attempts == attempt.number && work.holder?.worker == worker
    }
}
