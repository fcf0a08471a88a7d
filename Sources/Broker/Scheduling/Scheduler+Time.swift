// SPDX-License-Identifier: MIT

// The clocks: deadlines of calls, silence of workers, patience without any.
extension Scheduler {
    /// Looks at every clock. To be called at `nextWake`, or more often.
    /// - Parameter hasHeardAll: false while messages of workers are still unread: then none is judged.
    public mutating func timePassed(at now: Duration, hasHeardAll: Bool = true) -> [SchedulerAction] {
        var actions = endOverdue(at: now)
        if hasHeardAll { actions += expelLost(at: now) }
        return actions + endPatience(at: now) + forgetAnswers(at: now) + assign(at: now)
    }

    /// When `timePassed` has something to do next, if nothing happens before.
    public var nextWake: Duration? {
        let limit = workers.lazy.map { [configuration] in $0.value.nextLimit(configuration) }.min()
        return [limit, deadlines.next, patienceEnd, answers.nextExpiry].lazy.compactMap { $0 }.min()
    }

    /// The broker itself stood still for so long: that nobody was heard in that time says nothing about anybody.
    public mutating func stoodStill(for gap: Duration, at now: Duration) {
        for id in workers.keys { workers[id]!.excuse(gap, notPast: now) }
    }

    private mutating func endOverdue(at now: Duration) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        while let id = deadlines.takeDue(at: now) {
            guard calls[id] != nil else { continue }
            counters.deadlines += 1
            actions += end(id, .deadlineExceeded, at: now)
        }
        return actions
    }

    private mutating func expelLost(at now: Duration) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        for (id, worker) in workers {
            guard let loss = worker.loss(at: now, configuration) else { continue }
            actions.append(.expel(id, loss))
            actions += lose(id, loss, at: now)
        }
        return actions
    }

    /// When the first call that waits has waited long enough for any worker to come.
    private var patienceEnd: Duration? {
        guard let since = withoutWorkerSince, let arrival = line.oldestArrival else { return nil }
        return max(since, arrival) + configuration.noWorkerPatience
    }

    private mutating func endPatience(at now: Duration) -> [SchedulerAction] {
        guard let since = withoutWorkerSince, let end = patienceEnd, end <= now else { return [] }
        let patience = configuration.noWorkerPatience
        return line.all.filter { max(since, $0.arrival) + patience <= now }.flatMap { place in
            refuseWork(place.id, .noWorker(retryAfter: patience), at: now)
        }
    }

    mutating func forgetAnswers(at now: Duration) -> [SchedulerAction] {
        answers.takeSurplus(at: now).map { .forgetAnswer($0) }
    }
}
