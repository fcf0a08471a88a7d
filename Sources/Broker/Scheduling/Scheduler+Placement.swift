// SPDX-License-Identifier: MIT

// Which waiting work goes to which worker.
extension Scheduler {
    /// Hands waiting work to workers with room.
    ///
    /// Work that was running when a worker was lost goes first, and alone: several ran there, and the next loss tells
    /// which of them it was. A worker is kept free for it while others have all the rest.
    mutating func assign(at now: Duration) -> [SchedulerAction] {
        guard line.count > 0 else { return [] }
        var actions: [SchedulerAction] = []
        while let suspect = line.suspects.first, let worker = emptyWorker {
            line.remove(suspect)
            actions.append(hand(suspect.id, to: worker, isAlone: true, at: now))
        }
        let kept = line.suspects.isEmpty ? nil : leastLoaded(except: nil)
        while let worker = leastLoaded(except: kept), let place = line.next(at: now) {
            if line.ordinaryCount > 1, isHopeless(place.id, at: now) {
                // It would only take a worker's time from others.
                actions += refuseWork(place.id, .noTime(retryAfter: drainTime(with: .zero)), at: now)
            } else {
                line.remove(place)
                actions.append(hand(place.id, to: near(place.id, worker, except: kept), isAlone: false, at: now))
            }
        }
        return actions
    }

    private var emptyWorker: WorkerID? {
        workers.first { $0.value.held.isEmpty && $0.value.freeCredits > 0 }?.key
    }

    /// The worker with the smallest share of its room taken.
    private func leastLoaded(except kept: WorkerID?) -> WorkerID? {
        var best: (id: WorkerID, worker: WorkerState)?
        for (id, worker) in workers where worker.freeCredits > 0 && id != kept {
            if let (_, other) = best, !worker.isLessLoaded(than: other) { continue }
            best = (id, worker)
        }
        return best?.id
    }

    /// A worker that had the same picture lately, unless that would keep it too much busier than the least busy one.
    private mutating func near(_ work: CallID, _ least: WorkerID, except kept: WorkerID?) -> WorkerID {
        guard let picture = works[work]?.terms.picture, let idle = workers[least] else { return least }
        var best: (id: WorkerID, jobs: Int)?
        for (id, worker) in workers
        where worker.freeCredits > 0 && id != kept && worker.pictures.contains(picture)
            && worker.held.count <= idle.held.count + configuration.pictureImbalance
            && worker.held.count < best?.jobs ?? .max
        {
            best = (id, worker.held.count)
        }
        if best != nil { counters.nearPicture += 1 }
        return best?.id ?? least
    }

    private mutating func hand(_ id: CallID, to worker: WorkerID, isAlone: Bool, at now: Duration) -> SchedulerAction {
        let terms = works[id]!.terms
        works[id]!.attempts += 1
        works[id]!.holder = Work.Holder(worker: worker, since: now)
        line.charge(terms.account, works[id]!.price)
        let attempt = Attempt(call: id, number: works[id]!.attempts)
        workers[worker]!.held[attempt] = WorkerState.Held(isAlone: isAlone)
        if let picture = terms.picture { workers[worker]!.pictures.add(picture) }
        counters.dispatched += 1
        if let setback = works[id]!.setback { counters.redeliveries[setback, default: 0] += 1 }
        return .dispatch(attempt, to: worker)
    }
}
