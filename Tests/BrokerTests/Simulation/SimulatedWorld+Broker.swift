// SPDX-License-Identifier: MIT

import Broker

// What the broker's loop does: it turns messages into the scheduler's events, and does what the scheduler says.
extension SimulatedWorld {
    func atBroker(_ event: Event) throws(Violation) {
        try wakeUp()
        switch event {
        case .request(let request): try take(request)
        case .cancel(let client, let number):
            guard let id = openRequests[client]?[number] else { break }
            checker.cancelled(id)
            try perform(scheduler.callCancelled(id, at: now))
        case .vanish(let client):
            checker.gone(client)
            try perform(scheduler.clientGone(client, at: now))
        case .hello(let index, let life): try welcome(index, life)
        case .message(let message, let session): try hear(message, session)
        case .operatorActs(let index): try operate(index)
        case .wake:
            isReadingLate = false
            try perform(scheduler.timePassed(at: now))
            try checker.checkTime(at: now)
        default: break
        }
        try checker.checkMemory(scheduler, at: now)
        try checker.checkNothingIdles()
        try planWake()
    }

    /// After a standstill nobody is judged before what has come meanwhile is read.
    private func wakeUp() throws(Violation) {
        guard let since = frozenSince, now >= frozenUntil else { return }
        frozenSince = nil
        isReadingLate = true
        scheduler.stoodStill(for: now - since, at: now)
        checker.stoodStill(now - since, at: now)
        try perform(scheduler.timePassed(at: now, hasHeardAll: false))
        timeline.add(.wake, at: now)
        planned = now
    }

    private func planWake() throws(Violation) {
        guard let wake = scheduler.nextWake, !isReadingLate else { return }
        if wake <= now, planned == nil || planned! < now {
            throw Violation("the scheduler wants to be woken in the past")
        }
        guard planned == nil || wake < planned! || planned! <= now else { return }
        planned = max(wake, now)
        timeline.add(.wake, at: max(wake, frozenUntil))
    }

    private func take(_ request: Request) throws(Violation) {
        let terms = request.terms
        guard openRequests[terms.client]?[request.number] == nil else { return }
        let id = CallID(nextNumber)
        nextNumber += 1
        let (hasRoom, hasFreeWorker) = (checker.hasRoom(for: terms), checker.hasFreeWorker)
        openRequests[terms.client, default: [:]][request.number] = id
        requests[id] = request
        let actions = scheduler.callArrived(id, terms, at: now)
        let work = scheduler.work(of: id)
        if plan.isUniform { workSince[id] = now }
        if work == nil || work == id { payloads[id] = request.payload }
        checker.asked(id, terms, request.payload, joins: work, at: now)
        for case .end(id, let ending, _) in actions {
            if case .queueFull = ending, hasRoom, terms.key == nil {
                throw Violation("call \(id) is refused: \(ending)")
            }
            if case .noTime = ending, hasFreeWorker { throw Violation("call \(id) is refused: \(ending)") }
        }
        try perform(actions)
        try checker.checkAccount(terms.account, scheduler)
    }

    private func welcome(_ index: Int, _ life: Int) throws(Violation) {
        guard workers[index].isAlive, workers[index].life == life, workers[index].session == nil else { return }
        // The same process begins anew: its former session's work goes elsewhere.
        for (session, owner) in sessions.sorted(by: { $0.key.number < $1.key.number }) where owner == index {
            try leave(session, .replaced)
        }
        let id = WorkerID(nextNumber)
        nextNumber += 1
        sessions[id] = index
        let isSetAside = drained[index] == life
        checker.joined(id, credits: workers[index].credits, isSetAside: isSetAside, at: now)
        workers[index].session = id
        transmit(.order(.welcome, to: index, session: id))
        try perform(scheduler.workerJoined(id, credits: workers[index].credits, isSetAside: isSetAside, at: now))
    }

    /// Drains the worker, or lets it work again; now and then a second time, which changes nothing.
    private func operate(_ index: Int) throws(Violation) {
        guard let session = sessions.first(where: { $0.value == index })?.key else { return }
        let drains = (drained[index] == nil) != (random.below(4) == 0)
        drained[index] = drains ? workers[index].life : nil
        let changes = checker.setsAside(session, drains, at: now)
        if drains {
            let changed = scheduler.setAside(session, at: now)
            if changed != changes { throw Violation("\(session) is set aside twice, or not at all") }
        } else {
            let actions = scheduler.takeBack(session, at: now)
            if (actions != nil) != changes { throw Violation("\(session) is taken back twice, or not at all") }
            try perform(actions ?? [])
        }
    }

    private func leave(_ session: WorkerID, _ loss: WorkerLoss) throws(Violation) {
        sessions[session] = nil
        checker.lost(session, at: now)
        try perform(scheduler.workerLeft(session, loss, at: now))
    }

    private func hear(_ message: WorkerMessage, _ session: WorkerID) throws(Violation) {
        scheduler.workerHeard(session, at: now)
        checker.heard(session, at: now)
        switch message {
        case .started(let attempt):
            scheduler.jobStarted(attempt, by: session, at: now)
            checker.started(attempt, by: session)
        case .result(let attempt, let payload, let isKeepable): try settle(attempt, session, payload, isKeepable)
        case .beat(let progress, let isBusy): scheduler.beat(session, progress: progress, isBusy: isBusy, at: now)
        case .drain(let returned):
            checker.drains(session)
            for attempt in returned { checker.released(attempt, by: session) }
            try perform(scheduler.workerDraining(session, returned: returned, at: now))
        case .bye: try leave(session, .left)
        case .unreachable: try leave(session, .unreachable)
        }
    }

    private func settle(
        _ attempt: Attempt, _ session: WorkerID, _ payload: Int, _ isKeepable: Bool
    ) throws(Violation) {
        let settlement = scheduler.jobFinished(
            attempt, by: session, answerBytes: isKeepable ? payload % 300 : nil, at: now)
        if settlement.accepted {
            if !isOver, let owner = owners[payloads[attempt.call] ?? 0] {
                let since = workSince[attempt.call] ?? now
                done[owner, default: 0] += 1
                waits[owner, default: []].append(now - since)
            }
            try checker.answered(
                settlement.answered, attempt, by: session, payload, at: now, isLate: isReadingLate)
            for id in settlement.answered { forget(id) }
            payloads[attempt.call] = nil
        }
        if settlement.isKept {
            keptAnswers[attempt.call] = payload
            checker.keeps(attempt.call)
        }
        checker.released(attempt, by: session)
        try perform(settlement.actions)
    }

    func perform(_ actions: [SchedulerAction]) throws(Violation) {
        for action in actions {
            if history != nil { note("    \(action)") }
            switch action {
            case .dispatch(let attempt, let session):
                try checker.dispatched(attempt, to: session, at: now)
                guard let payload = payloads[attempt.call] else { throw Violation("\(attempt) has no payload") }
                if let index = sessions[session] {
                    transmit(.order(.job(attempt, payload: payload), to: index, session: session))
                }
            case .cancel(let attempt, let session):
                if let index = sessions[session] { transmit(.order(.cancel(attempt), to: index, session: session)) }
            case .end(let id, let ending, let attempts):
                try checker.ended(id, ending, attempts: attempts, at: now)
                forget(id)
            case .answerAgain(let id, let earlier):
                try checker.answeredAgain(id, with: earlier, keptAnswers[earlier], at: now)
                forget(id)
            case .forgetAnswer(let id):
                keptAnswers[id] = nil
                try checker.forgets(id)
            case .quarantine(let id, let blame): try checker.quarantined(id, blame)
            case .expel(let session, let loss):
                try checker.expelled(session, loss, at: now)
                if let index = sessions.removeValue(forKey: session) {
                    transmit(.order(.bye, to: index, session: session))
                }
            }
        }
    }

    private func forget(_ id: CallID) {
        guard let request = requests.removeValue(forKey: id) else { return }
        openRequests[request.terms.client]?[request.number] = nil
        if !scheduler.hasWork(of: id) { payloads[id] = nil }
    }
}
