// SPDX-License-Identifier: MIT

import Broker
import Testing

/// Random histories under a seed: whatever happens in whatever order, every call ends once and in time.
@Suite("Scheduler, simulated")
struct SchedulerSimulation {
    /// Workers that die, hang, forget a job, answer late and hand back; clients that cancel and vanish; time that jumps forward.
    struct World: ~Copyable {
        var random: Generator
        var scheduler: Scheduler
        var now: Duration = .zero
        var nextID: UInt64 = 1
        var deadlines: [CallID: Duration] = [:]
        var ended: [CallID: Int] = [:]
        var endedAt: [CallID: Duration] = [:]
        var held: [WorkerID: [Attempt]] = [:]
        /// What lost workers still hold: their answers come late.
        var ghosts: [(WorkerID, Attempt)] = []
        /// How many workers were lost with the call at them.
        var lost: [CallID: Int] = [:]
        /// Jobs that their workers forgot: they live and beat, but will never answer these.
        var forgotten: Set<Attempt> = []
        let credits = 2
        let terms: SchedulerConfiguration

        init(seed: UInt64) {
            terms = SchedulerConfiguration(
                beatInterval: .seconds(1), liveness: 3, stallLimit: .seconds(8), answerLimit: .seconds(6),
                queueCalls: 12, queueBytes: 4000,
                noWorkerPatience: .seconds(4))
            random = Generator(state: seed)
            scheduler = Scheduler(terms, now: .zero)
        }

        mutating func step() {
            switch random.next() % 17 {
            case 0...4: arrive()
            case 5: join()
            case 6...8: finish()
            case 9: start()
            case 10: beat()
            case 11: lose()
            case 12: lateAnswer()
            case 13: cancel()
            case 14: handBack()
            case 15: forget()
            default: wait()
            }
        }

        mutating func arrive() {
            let id = CallID(nextID)
            nextID += 1
            let deadline = now + .milliseconds(Int(random.next() % 20_000))
            deadlines[id] = deadline
            let client = ClientID([UInt8(random.next() % 4)])
            apply(
                scheduler.callArrived(id, client: client, bytes: Int(random.next() % 700), deadline: deadline, at: now))
        }

        mutating func join() {
            guard held.count < 4 else { return }
            let id = WorkerID(nextID)
            nextID += 1
            held[id] = []
            apply(scheduler.workerJoined(id, credits: credits, at: now))
        }

        mutating func finish() {
            guard let (worker, attempt) = someJob() else { return }
            held[worker]!.removeAll { $0 == attempt }
            let (accepted, actions) = scheduler.jobFinished(attempt, by: worker, at: now)
            if accepted { end(attempt.call) }
            apply(actions)
        }

        mutating func start() {
            guard let (worker, attempt) = someJob() else { return }
            scheduler.jobStarted(attempt, by: worker)
        }

        mutating func beat() {
            for worker in held.keys.sorted(by: { $0.number < $1.number }) where random.next() % 4 > 0 {
                scheduler.beat(
                    worker, progress: Double(random.next() % 3),
                    isBusy: held[worker]!.contains { !forgotten.contains($0) }, at: now)
            }
        }

        mutating func lose() {
            guard let worker = someWorker() else { return }
            losing(worker)
            apply(scheduler.workerLeft(worker, .left, at: now))
        }

        mutating func losing(_ worker: WorkerID) {
            for attempt in held.removeValue(forKey: worker) ?? [] {
                ghosts.append((worker, attempt))
                lost[attempt.call, default: 0] += 1
            }
        }

        mutating func lateAnswer() {
            guard let (worker, attempt) = ghosts.popLast() else { return stray() }
            let (accepted, actions) = scheduler.jobFinished(attempt, by: worker, at: now)
            #expect(!accepted, "the answer of a lost worker counted")
            apply(actions)
        }

        /// A worker in session answers an attempt that it does not hold.
        mutating func stray() {
            guard let (owner, attempt) = someJob(), let other = someWorker(), other != owner else { return }
            let (accepted, actions) = scheduler.jobFinished(attempt, by: other, at: now)
            let next = Attempt(call: attempt.call, number: attempt.number + 1)
            let (isNextAccepted, more) = scheduler.jobFinished(next, by: owner, at: now)
            #expect(!accepted && !isNextAccepted, "an answer of somebody else counted")
            apply(actions + more)
        }

        mutating func cancel() {
            guard nextID > 1 else { return }
            apply(scheduler.callCancelled(CallID(random.next() % nextID), at: now))
            if random.next() % 8 == 0 { apply(scheduler.clientGone(ClientID([UInt8(random.next() % 4)]), at: now)) }
        }

        mutating func handBack() {
            guard let (worker, attempt) = someJob() else { return }
            held[worker]!.removeAll { $0 == attempt }
            apply(scheduler.workerDraining(worker, returned: [attempt], at: now))
        }

        mutating func forget() {
            if let (_, attempt) = someJob() { forgotten.insert(attempt) }
        }

        /// Time passes to the next wake-up, or jumps past several.
        mutating func wait() {
            let jump = Duration.milliseconds(Int(random.next() % 6000))
            now = random.next() % 2 == 0 ? max(now, min(scheduler.nextWake ?? now + jump, now + jump)) : now + jump
            apply(scheduler.timePassed(at: now))
            for (id, deadline) in deadlines where deadline <= now {
                #expect(ended[id] == 1, "call \(id) is open after its deadline")
            }
            checkCredits()
        }

        /// A credit is out for a job that a worker really has, and not for long when nobody waits for it any more.
        mutating func checkCredits() {
            for (worker, jobs) in held {
                let snapshot = scheduler.workerSnapshot(worker, at: now)
                #expect(snapshot?.jobs == jobs.count, "\(worker) holds something else")
                for job in jobs {
                    guard let end = endedAt[job.call] else { continue }
                    #expect(now < end + terms.answerLimit, "the credit of \(job) is gone for ever")
                }
            }
        }

        mutating func apply(_ actions: [SchedulerAction]) {
            for action in actions {
                switch action {
                case .dispatch(let attempt, let worker):
                    #expect(held[worker] != nil, "a job for a worker that is gone")
                    held[worker, default: []].append(attempt)
                    #expect(lost[attempt.call, default: 0] < terms.maxLosses, "\(attempt) goes on killing workers")
                    #expect(held[worker]!.count <= credits, "more jobs than credits")
                    #expect(ended[attempt.call] == nil, "a job of a call that has ended")
                case .end(let id, _, _): end(id)
                case .expel(let worker, _):
                    losing(worker)
                case .cancel: break
                }
            }
        }

        mutating func end(_ id: CallID) {
            ended[id, default: 0] += 1
            endedAt[id] = now
            #expect(ended[id] == 1, "call \(id) ended twice")
        }

        mutating func someWorker() -> WorkerID? {
            let all = held.keys.sorted { $0.number < $1.number }
            return all.isEmpty ? nil : all[Int(random.next() % UInt64(all.count))]
        }

        mutating func someJob() -> (WorkerID, Attempt)? {
            let known = held.mapValues { $0.filter { !forgotten.contains($0) } }
            let busy = known.filter { !$0.value.isEmpty }.keys.sorted { $0.number < $1.number }
            guard !busy.isEmpty else { return nil }
            let worker = busy[Int(random.next() % UInt64(busy.count))]
            let jobs = known[worker]!
            return (worker, jobs[Int(random.next() % UInt64(jobs.count))])
        }

        /// Lets everything run out; then nothing may be left.
        mutating func settle() {
            now += .seconds(60)
            apply(scheduler.timePassed(at: now))
            let (isIdle, bytes) = (scheduler.isIdle, scheduler.queueSnapshot(at: now).bytes)
            #expect(isIdle && bytes == 0)
            #expect(ended.count == deadlines.count, "every call ended")
            let counters = scheduler.counters
            let ends =
                counters.finished + counters.deadlines + counters.cancelled + counters.poisoned + counters.refused
            #expect(ends == deadlines.count, "the counters add up")
        }
    }

    struct Generator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    @Test("2,000 events each", arguments: 1...60 as ClosedRange<UInt64>)
    func history(seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<2000 { world.step() }
        world.settle()
    }
}
