// SPDX-License-Identifier: MIT

// What an operator does with workers.
extension Scheduler {
    /// The worker gets nothing more until it is let work again; it finishes what it has and stays.
    ///
    /// While all workers are set aside, calls wait no longer than while there is none.
    /// - Returns: whether it was otherwise before; a worker that is not here is not.
    public mutating func setAside(_ id: WorkerID, at now: Duration) -> Bool {
        guard let worker = workers[id], !worker.isSetAside else { return false }
        workers[id]!.isSetAside = true
        noteAbsence(at: now)
        return true
    }

    /// The worker is given work again.
    /// - Returns: `nil` where it was not set aside.
    public mutating func takeBack(_ id: WorkerID, at now: Duration) -> [SchedulerAction]? {
        guard let worker = workers[id], worker.isSetAside else { return nil }
        workers[id]!.isSetAside = false
        noteAbsence(at: now)
        return assign(at: now)
    }

    /// Workers have come or gone: the patience of calls begins when none is left that an operator lets work.
    mutating func noteAbsence(at now: Duration) {
        let isAbsent = workers.allSatisfy { $0.value.isSetAside }
        withoutWorkerSince = isAbsent ? withoutWorkerSince ?? now : nil
    }
}
