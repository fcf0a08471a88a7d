// SPDX-License-Identifier: MIT

import Broker

// What worker processes do with what they are told, and what becomes of them.
extension SimulatedWorld {
    func plan(_ act: WorkerAct, for index: Int, in milliseconds: ClosedRange<Int>) {
        timeline.add(.workerActs(index, life: workers[index].life, act), at: now + random.milliseconds(milliseconds))
    }

    private func planBeat(_ index: Int) {
        timeline.add(.workerActs(index, life: workers[index].life, .beat), at: now + plan.terms.beatPause)
    }

    func obey(_ order: WorkerOrder, _ index: Int, _ session: WorkerID) {
        guard workers[index].isAlive else { return }
        guard now >= workers[index].hangsUntil else {
            return timeline.add(.order(order, to: index, session: session), at: workers[index].hangsUntil)
        }
        guard workers[index].session == session else { return }
        switch order {
        case .welcome: break
        case .job(let attempt, let payload): take(attempt, payload, index)
        case .cancel(let attempt): cancel(attempt, index)
        case .bye:
            workers[index].abandon()
            plan(.greet, for: index, in: 0...2000)
        }
    }

    private func take(_ attempt: Attempt, _ payload: Int, _ index: Int) {
        guard !workers[index].jobs.contains(where: { $0.attempt == attempt }) else { return }
        if workers[index].isDraining { return say(.drain([attempt]), index) }
        var job = SimulatedWorker.Job(attempt: attempt, payload: payload)
        job.isForgotten = random.happens(plan.forgetting)
        workers[index].jobs.append(job)
        startNext(index)
    }

    private func startNext(_ index: Int) {
        while workers[index].running < workers[index].slots,
            let place = workers[index].jobs.firstIndex(where: { $0.startedAt == nil })
        {
            workers[index].jobs[place].startedAt = now
            let job = workers[index].jobs[place]
            // A job that kills its worker at once leaves no word that it had begun.
            let isPoison = Payload.isPoison(job.payload, plan)
            if !isPoison || random.below(4) > 0 { say(.started(job.attempt), index) }
            if isPoison || random.happens(plan.crashing) {
                plan(.crash, for: index, in: 0...200)
            } else if !job.isForgotten {
                let owner = owners[job.payload] ?? 0
                let service = owner < plan.serviceByClient.count ? plan.serviceByClient[owner] : plan.service
                plan(.finish(job.attempt), for: index, in: service)
            }
        }
    }

    private func cancel(_ attempt: Attempt, _ index: Int) {
        guard let place = workers[index].jobs.firstIndex(where: { $0.attempt == attempt }),
            !workers[index].jobs[place].isForgotten
        else { return }
        answer(place, index, isKeepable: false)
    }

    private func answer(_ place: Int, _ index: Int, isKeepable: Bool) {
        let job = workers[index].jobs.remove(at: place)
        workers[index].progress += 1
        say(.result(job.attempt, payload: Payload.answer(job.payload), isKeepable: isKeepable), index)
        startNext(index)
        if workers[index].isDraining, workers[index].jobs.isEmpty { die(index, .bye) }
    }

    private func say(_ message: WorkerMessage, _ index: Int) {
        guard let session = workers[index].session else { return }
        transmit(.message(message, from: session))
    }

    func act(worker index: Int, life: Int, _ act: WorkerAct) {
        guard workers[index].life == life, workers[index].isAlive || act.isGreeting else { return }
        guard now >= workers[index].hangsUntil else {
            return timeline.add(.workerActs(index, life: life, act), at: workers[index].hangsUntil)
        }
        switch act {
        case .greet: greet(index)
        case .beat: beat(index)
        case .crash: die(index, nil)
        case .drain: drain(index)
        case .finish(let attempt):
            guard let place = workers[index].jobs.firstIndex(where: { $0.attempt == attempt }) else { return }
            answer(place, index, isKeepable: random.below(4) > 0)
        }
    }

    private func greet(_ index: Int) {
        guard !isOver || !checker.open.isEmpty else { return }
        let isNew = !workers[index].isAlive
        workers[index].isAlive = true
        transmit(.hello(worker: index, life: workers[index].life))
        if isNew || workers[index].life == 0 { planBeat(index) }
        // A HELLO may be lost; a worker without a session says it again.
        if workers[index].session == nil { plan(.greet, for: index, in: 1000...2000) }
    }

    private func beat(_ index: Int) {
        guard !isOver || !checker.open.isEmpty else { return }
        planBeat(index)
        if random.happens(plan.hanging) {
            workers[index].hangsUntil = now + random.milliseconds(100...9000)
            return
        }
        if random.happens(plan.draining) { drain(index) }
        if random.happens(plan.operators) { timeline.add(.operatorActs(worker: index), at: now) }
        // A job that was forgotten makes no progress, and leaves the worker idle by its own account.
        let busy = workers[index].jobs.contains { $0.startedAt != nil && !$0.isForgotten }
        if busy, random.below(8) > 0 { workers[index].progress += 1 }
        say(.beat(progress: workers[index].progress, isBusy: busy), index)
    }

    private func drain(_ index: Int) {
        guard workers[index].session != nil, !workers[index].isDraining else { return }
        workers[index].isDraining = true
        let returned = workers[index].jobs.filter { $0.startedAt == nil }.map(\.attempt)
        workers[index].jobs.removeAll { returned.contains($0.attempt) }
        say(.drain(returned), index)
        if workers[index].jobs.isEmpty { die(index, .bye) }
    }

    /// The process ends, with or without a word; its connection's end is noticed after a while, or never.
    private func die(_ index: Int, _ lastWord: WorkerMessage?) {
        if let lastWord {
            say(lastWord, index)
        } else if let session = workers[index].session, random.below(4) > 0 {
            timeline.add(.message(.unreachable, from: session), at: now + random.milliseconds(60...500))
        }
        workers[index].abandon()
        workers[index].isAlive = false
        workers[index].life += 1
        plan(.greet, for: index, in: 100...5000)
    }
}

extension SimulatedWorld.WorkerAct {
    var isGreeting: Bool { if case .greet = self { true } else { false } }
}
