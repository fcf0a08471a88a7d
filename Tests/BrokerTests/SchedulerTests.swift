// SPDX-License-Identifier: MIT

import Broker
import Testing

/// The scheduler by plain calls: events in, actions out.
@Suite("Scheduler")
struct SchedulerTests {
    private let client = ClientID([1])
    private let w1 = WorkerID(1)
    private let w2 = WorkerID(2)
    private let terms = SchedulerConfiguration(
        beatInterval: .seconds(1), liveness: 3, stallLimit: .seconds(10), answerLimit: .seconds(20), maxFailures: 3,
        maxLosses: 8, queueCalls: 4,
        queueBytes: 1000,
        noWorkerPatience: .seconds(5))

    private func call(_ number: UInt64) -> CallID { CallID(number) }
    private func first(_ number: UInt64, _ attempt: Int = 1) -> Attempt { Attempt(call: call(number), number: attempt) }

    @Test("a call waits for a worker and goes to the first that comes")
    func dispatch() {
        var scheduler = Scheduler(terms, now: .zero)
        #expect(
            scheduler.callArrived(call(1), client: client, bytes: 10, deadline: .seconds(60), at: .zero).isEmpty)
        #expect(
            scheduler.workerJoined(w1, credits: 1, at: .seconds(1)) == [.dispatch(first(1), to: w1)])
        let settlement = scheduler.jobFinished(first(1), by: w1, at: .seconds(2))
        let isIdle = scheduler.isIdle
        #expect(settlement.answered == [call(1)] && settlement.actions.isEmpty && isIdle)
    }

    @Test("a silent worker's call goes to another inside the same deadline, and its late answer is dropped")
    func redelivery() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 10, deadline: .seconds(60), at: .zero)
        scheduler.jobStarted(first(1), by: w1, at: .zero)
        _ = scheduler.workerJoined(w2, credits: 1, at: .zero)
        scheduler.beat(w2, progress: 1, isBusy: false, at: .seconds(2))
        #expect(
            scheduler.timePassed(at: .milliseconds(2999)).isEmpty)
        #expect(
            scheduler.timePassed(at: .seconds(3)) == [.expel(w1, .silent), .dispatch(first(1, 2), to: w2)])
        #expect(
            scheduler.jobFinished(first(1), by: w1, at: .seconds(4)).accepted == false)
        #expect(
            scheduler.jobFinished(first(1, 2), by: w2, at: .seconds(4)).accepted)
        let counters = scheduler.counters
        #expect(counters.late == 1 && counters.redelivered == 1)
    }

    @Test("beats without progress, while busy, mean stuck; with progress, busy for as long as it takes")
    func stuck() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        for second in 1...20 {
            scheduler.beat(w1, progress: Double(second), isBusy: true, at: .seconds(second))
            #expect(
                scheduler.timePassed(at: .seconds(second)).isEmpty)
        }
        for second in 21...29 { scheduler.beat(w1, progress: 20, isBusy: true, at: .seconds(second)) }
        #expect(
            scheduler.timePassed(at: .seconds(29)).isEmpty)
        scheduler.beat(w1, progress: 20, isBusy: true, at: .seconds(30))
        #expect(
            scheduler.timePassed(at: .seconds(30)) == [.expel(w1, .stuck)])
    }

    @Test("nobody is blamed for the time that the broker stood still")
    func stoodStill() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 2, at: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 10, deadline: .seconds(1), at: .zero)
        scheduler.beat(w1, progress: 1, isBusy: true, at: .seconds(1))
        _ = scheduler.timePassed(at: .seconds(1))
        scheduler.stoodStill(for: .seconds(60), at: .seconds(61))
        #expect(scheduler.timePassed(at: .seconds(61)).isEmpty)
        // Its limits begin anew where they were: 3 s of silence, 10 s without progress, 20 s with an answer owed.
        #expect(scheduler.timePassed(at: .seconds(64) - .nanoseconds(1)).isEmpty)
        scheduler.workerHeard(w1, at: .seconds(64))
        #expect(scheduler.timePassed(at: .seconds(66)).isEmpty)
        #expect(scheduler.timePassed(at: .seconds(67)) == [.expel(w1, .silent)])
    }

    @Test("a worker whose messages are still unread is not judged")
    func unread() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        #expect(scheduler.timePassed(at: .seconds(3), hasHeardAll: false).isEmpty)
        #expect(scheduler.timePassed(at: .seconds(3)) == [.expel(w1, .silent)])
    }

    @Test("progress that is no number is no progress", arguments: [Double.nan, .infinity, -.infinity])
    func noNumber(progress: Double) {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        for second in 0...10 { scheduler.beat(w1, progress: progress, isBusy: true, at: .seconds(second)) }
        #expect(scheduler.timePassed(at: .seconds(10)) == [.expel(w1, .stuck)])
    }

    @Test("a stall limit of zero means that nobody is ever stuck for want of progress")
    func neverStuck() {
        var patient = terms
        patient.stallLimit = .zero
        var scheduler = Scheduler(patient, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        for second in 0...1000 { scheduler.beat(w1, progress: 1, isBusy: true, at: .seconds(second)) }
        #expect(scheduler.timePassed(at: .seconds(1000)).isEmpty)
        let wake = scheduler.nextWake
        #expect(wake == .seconds(1003), "only its silence")
    }

    @Test("three workers lost over one call end it; a call that had not begun is not blamed")
    func poison() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 10, deadline: .seconds(600), at: .zero)
        _ = scheduler.callArrived(call(2), client: client, bytes: 10, deadline: .seconds(600), at: .zero)
        let blame = Blame(attempts: 3, losses: 3, failures: 3)
        for round in 1...3 {
            let worker = WorkerID(UInt64(10 + round))
            let actions = scheduler.workerJoined(worker, credits: 2, at: .seconds(round))
            // Once it is suspected, it is tried alone.
            #expect(actions.count == (round == 1 ? 2 : 1))
            scheduler.jobStarted(first(1, round), by: worker, at: .zero)
            let lost = scheduler.workerLeft(worker, .left, at: .seconds(round))
            let verdict: [SchedulerAction] = [.quarantine(call(1), blame), .end(call(1), .poison(blame), attempts: 3)]
            #expect(lost == (round < 3 ? [] : verdict))
        }
        let last = scheduler.workerJoined(w1, credits: 1, at: .seconds(9))
        #expect(last == [.dispatch(first(2, 2), to: w1)], "its neighbour lives on")
    }

    @Test("of several that ran when a worker was lost, the innocent are answered and only the culprit is poison")
    func culprit() {
        var scheduler = Scheduler(terms, now: .zero)
        for number in 1...4 {
            _ = scheduler.callArrived(
                call(UInt64(number)), client: client, bytes: 1, deadline: .seconds(600), at: .zero)
        }
        var (actions, worker) = (scheduler.workerJoined(WorkerID(10), credits: 5, at: .zero), WorkerID(10))
        var (answered, ended, rounds) = ([CallID](), [SchedulerAction](), 0)
        while !scheduler.isIdle, rounds < 50 {
            rounds += 1
            let here = actions.compactMap { if case .dispatch(let attempt, worker) = $0 { attempt } else { nil } }
            #expect(here.count == (rounds == 1 ? 4 : 1), "after the first loss, one at a time")
            for attempt in here { scheduler.jobStarted(attempt, by: worker, at: .zero) }
            if here.contains(where: { $0.call == call(3) }) {
                ended += scheduler.workerLeft(worker, .unreachable, at: .zero)
                worker = WorkerID(worker.number + 1)
                actions = scheduler.workerJoined(worker, credits: 5, at: .zero)
            } else {
                answered += here.map(\.call)
                actions = here.flatMap { scheduler.jobFinished($0, by: worker, at: .zero).actions }
            }
        }
        #expect(Set(answered) == [call(1), call(2), call(4)] && answered.count == 3)
        let blame = Blame(attempts: 3, losses: 3, failures: 3)
        #expect(ended == [.quarantine(call(3), blame), .end(call(3), .poison(blame), attempts: 3)])
    }

    @Test("while a suspect waits for a worker to itself, the others go on with the rest of the workers")
    func keptFree() {
        var scheduler = Scheduler(terms, now: .zero)
        func arrive(_ number: UInt64) -> [SchedulerAction] {
            scheduler.callArrived(call(number), client: client, bytes: 1, deadline: .seconds(600), at: .zero)
        }
        _ = scheduler.workerJoined(WorkerID(9), credits: 1, at: .zero)
        _ = arrive(1)
        scheduler.jobStarted(first(1), by: WorkerID(9), at: .zero)
        _ = scheduler.workerJoined(w1, credits: 3, at: .zero)
        _ = scheduler.workerJoined(w2, credits: 3, at: .zero)
        for number: UInt64 in 2...4 { _ = arrive(number) }
        let lost = scheduler.workerLeft(WorkerID(9), .silent, at: .zero)
        #expect(lost.isEmpty, "both have a job: nobody is alone")
        // The second has one job, the first has two: the second is kept.
        var next = arrive(5)
        #expect(next == [.dispatch(first(5), to: w1)])
        next = arrive(6)
        #expect(next.isEmpty)
        next = scheduler.jobFinished(first(3), by: w2, at: .zero).actions
        #expect(next == [.dispatch(first(1, 2), to: w2)], "alone, and before what came later")
        next = scheduler.jobFinished(first(1, 2), by: w2, at: .zero).actions
        #expect(next == [.dispatch(first(6), to: w2)])
    }

    @Test("calls are spread over idle workers, and by the share of their room that is taken")
    func spread() {
        var scheduler = Scheduler(terms, now: .zero)
        let (w3, w4) = (WorkerID(3), WorkerID(4))
        for worker in [w1, w2, w3] { _ = scheduler.workerJoined(worker, credits: 5, at: .zero) }
        func arrive(_ number: UInt64) -> WorkerID? {
            let actions = scheduler.callArrived(
                call(number), client: client, bytes: 1, deadline: .seconds(600), at: .zero)
            return actions.compactMap { if case .dispatch(_, let worker) = $0 { worker } else { nil } }.first
        }
        let places = (1...6).map { arrive($0) }
        #expect(places == [w1, w2, w3, w1, w2, w3])
        _ = scheduler.jobFinished(first(2), by: w2, at: .zero)
        #expect(arrive(7) == w2)
        _ = scheduler.workerJoined(w4, credits: 2, at: .zero)
        // 2 of 5 are taken elsewhere: one of two is more than that.
        #expect(arrive(8) == w4)
        #expect([arrive(9), arrive(10), arrive(11)] == [w1, w2, w3])
        #expect(arrive(12) == w4)
    }

    @Test("a call that is at eight workers when they are lost ends, although none said that it had begun")
    func quickPoison() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 10, deadline: .seconds(600), at: .zero)
        for round in 1...8 {
            let worker = WorkerID(UInt64(10 + round))
            #expect(
                scheduler.workerJoined(worker, credits: 1, at: .zero) == [.dispatch(first(1, round), to: worker)])
            let lost = scheduler.workerLeft(worker, .left, at: .zero)
            let blame = Blame(attempts: 8, losses: 8, failures: 0)
            let verdict: [SchedulerAction] = [.quarantine(call(1), blame), .end(call(1), .poison(blame), attempts: 8)]
            #expect(lost == (round < 8 ? [] : verdict))
        }
        let isIdle = scheduler.isIdle
        #expect(isIdle && scheduler.counters.poisoned == 1)
    }

    @Test("handing back is no loss")
    func handingBackIsNoLoss() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 10, deadline: .seconds(600), at: .zero)
        for round in 1...20 {
            let worker = WorkerID(UInt64(10 + round))
            #expect(
                scheduler.workerJoined(worker, credits: 1, at: .zero) == [.dispatch(first(1, round), to: worker)])
            #expect(scheduler.workerDraining(worker, returned: [first(1, round)], at: .zero).isEmpty)
            #expect(scheduler.workerLeft(worker, .left, at: .zero).isEmpty)
        }
    }

    @Test("clients take turns")
    func fairness() {
        var scheduler = Scheduler(terms, now: .zero)
        let other = ClientID([2])
        for number in 1...3 {
            _ = scheduler.callArrived(call(UInt64(number)), client: client, bytes: 1, deadline: .seconds(60), at: .zero)
        }
        _ = scheduler.callArrived(call(4), client: other, bytes: 1, deadline: .seconds(60), at: .zero)
        #expect(
            scheduler.workerJoined(w1, credits: 1, at: .zero) == [.dispatch(first(1), to: w1)])
        #expect(
            scheduler.jobFinished(first(1), by: w1, at: .zero).actions == [.dispatch(first(4), to: w1)])
        #expect(
            scheduler.jobFinished(first(4), by: w1, at: .zero).actions == [.dispatch(first(2), to: w1)])
    }

    @Test("both sides of the queue's limits")
    func limits() {
        var scheduler = Scheduler(terms, now: .zero)
        for number in 1...4 {
            #expect(
                scheduler.callArrived(
                    call(UInt64(number)), client: client, bytes: 250, deadline: .seconds(60), at: .zero
                )
                .isEmpty)
        }
        for (number, bytes) in [(5, 0), (6, 1)] {
            guard
                case .end(_, .queueFull(let delay), 0)? = scheduler.callArrived(
                    call(UInt64(number)), client: client, bytes: bytes, deadline: .seconds(60), at: .zero
                ).first
            else {
                Issue.record("taken")
                continue
            }
            #expect(delay > .zero)
        }
        var empty = Scheduler(terms, now: .zero)
        #expect(
            empty.callArrived(call(7), client: client, bytes: 1001, deadline: .seconds(60), at: .zero)
                == [.end(call(7), .tooLarge(.bytes, limit: 1000), attempts: 0)])
        #expect(
            empty.callArrived(call(8), client: client, bytes: 1000, deadline: .seconds(60), at: .zero).isEmpty)
    }

    @Test("a client that fills the queue makes room for another, up to as much as it keeps")
    func sharedQueue() {
        var scheduler = Scheduler(terms, now: .zero)
        let (other, third) = (ClientID([2]), ClientID([3]))
        for number in 1...4 as ClosedRange<UInt64> {
            _ = scheduler.callArrived(call(number), client: client, bytes: 1, deadline: .seconds(60), at: .zero)
        }
        #expect(
            ended(by: 5, of: other, &scheduler) == [call(4)], "the newest of the largest")
        #expect(ended(by: 6, of: other, &scheduler) == [call(3)])
        #expect(ended(by: 7, of: other, &scheduler) == [call(7)], "both have two")
        #expect(ended(by: 8, of: client, &scheduler) == [call(8)], "and neither gets more than the other")
        #expect(ended(by: 9, of: third, &scheduler).count == 1, "a third gets one of the two that one of them has")
        #expect(ended(by: 10, of: third, &scheduler) == [call(10)])
        #expect(ended(by: 11, of: ClientID([4]), &scheduler).count == 1)
        #expect(ended(by: 12, of: ClientID([5]), &scheduler) == [call(12)], "nobody has more than one")
        let counters = scheduler.counters
        #expect(counters.refused == 8 && counters.accepted == 8)
    }

    @Test("bytes are shared out likewise; what runs stays")
    func sharedBytes() {
        var scheduler = Scheduler(terms, now: .zero)
        let other = ClientID([2])
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        for number in 1...3 as ClosedRange<UInt64> {
            _ = scheduler.callArrived(call(number), client: client, bytes: 300, deadline: .seconds(60), at: .zero)
        }
        #expect(ended(by: 4, of: other, bytes: 400, &scheduler) == [call(3)])
        #expect(ended(by: 5, of: other, bytes: 300, &scheduler) == [call(5)], "it would have more than the first")
        #expect(ended(by: 6, of: ClientID([3]), bytes: 250, &scheduler).count == 1)
        let bytes = scheduler.queueSnapshot(at: .zero).bytes
        #expect(bytes <= 1000)
        // The one that runs cannot give way.
        var full = Scheduler(terms, now: .zero)
        _ = full.workerJoined(w1, credits: 1, at: .zero)
        _ = full.callArrived(call(1), client: client, bytes: 900, deadline: .seconds(60), at: .zero)
        #expect(ended(by: 2, of: other, bytes: 200, &full) == [call(2)])
    }

    /// The calls that end when one more arrives.
    private func ended(
        by number: UInt64, of client: ClientID, bytes: Int = 1, _ scheduler: inout Scheduler
    ) -> [CallID] {
        scheduler.callArrived(call(number), client: client, bytes: bytes, deadline: .seconds(60), at: .zero)
            .compactMap { action in
                if case .end(let id, .queueFull, _) = action { id } else { nil }
            }
    }

    @Test("a refused call is told how long the workers need for what waits and for it")
    func retryDelay() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 1, deadline: .seconds(600), at: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .seconds(100))
        // A worker's second is not the caller's minute and a half in the queue: the average goes from 1 s to 1.2 s.
        #expect(scheduler.jobFinished(first(1), by: w1, at: .seconds(103)).accepted)
        for number in 2...6 as ClosedRange<UInt64> {
            _ = scheduler.callArrived(
                call(number), client: client, bytes: 1, deadline: .seconds(600), at: .seconds(103))
        }
        let alone = scheduler.callArrived(
            call(7), client: client, bytes: 1, deadline: .seconds(600), at: .seconds(103))
        #expect(alone == [.end(call(7), .queueFull(retryAfter: .seconds(6)), attempts: 0)], "five times 1.2 s")
        _ = scheduler.workerJoined(w2, credits: 2, at: .seconds(103))
        for number in 8...9 as ClosedRange<UInt64> {
            _ = scheduler.callArrived(
                call(number), client: client, bytes: 1, deadline: .seconds(600), at: .seconds(103))
        }
        let shared = scheduler.callArrived(
            call(10), client: client, bytes: 1, deadline: .seconds(600), at: .seconds(103))
        #expect(shared == [.end(call(10), .queueFull(retryAfter: .seconds(2)), attempts: 0)], "by three places")
    }

    @Test("a deadline ends a call wherever it is, and tells its worker")
    func deadlines() {
        var scheduler = Scheduler(terms, now: .zero)
        #expect(
            scheduler.callArrived(call(1), client: client, bytes: 1, deadline: .zero, at: .zero)
                == [.end(call(1), .deadlineExceeded, attempts: 0)])
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        _ = scheduler.callArrived(call(2), client: client, bytes: 1, deadline: .seconds(2), at: .zero)
        let wake = scheduler.nextWake
        #expect(wake == .seconds(2))
        #expect(
            scheduler.timePassed(at: .seconds(2)) == [
                .cancel(first(2), at: w1), .end(call(2), .deadlineExceeded, attempts: 1),
            ])
        #expect(
            scheduler.callArrived(call(3), client: client, bytes: 1, deadline: .seconds(9), at: .seconds(2)).isEmpty)
        #expect(
            scheduler.jobFinished(first(2), by: w1, at: .seconds(2)).actions == [.dispatch(first(3), to: w1)],
            "the credit comes back with the answer")
    }

    @Test("a worker that owes an answer nobody waits for gets a while, then counts as stuck", arguments: [true, false])
    func owedAnswer(begun: Bool) {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 1, deadline: .seconds(2), at: .zero)
        if begun { scheduler.jobStarted(first(1), by: w1, at: .zero) }
        _ = scheduler.timePassed(at: .seconds(2))
        _ = scheduler.callArrived(call(2), client: client, bytes: 1, deadline: .seconds(99), at: .seconds(2))
        // It lives, it says that it has nothing to do, and it never answers.
        for second in 3...21 { scheduler.beat(w1, progress: 0, isBusy: false, at: .seconds(second)) }
        let wake = scheduler.nextWake
        #expect(wake == .seconds(22), "the call's end and 20 s")
        #expect(scheduler.timePassed(at: .seconds(22) - .nanoseconds(1)).isEmpty)
        #expect(scheduler.timePassed(at: .seconds(22)) == [.expel(w1, .stuck)])
        #expect(scheduler.workerJoined(w2, credits: 1, at: .seconds(22)) == [.dispatch(first(2), to: w2)])
    }

    @Test("an owed answer that comes in time gives the credit back, whoever ended the call")
    func owedAnswerInTime() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 1, deadline: .seconds(99), at: .zero)
        _ = scheduler.callCancelled(call(1), at: .seconds(1))
        scheduler.workerHeard(w1, at: .seconds(20))
        #expect(scheduler.jobFinished(first(1), by: w1, at: .seconds(20)).accepted == false)
        scheduler.workerHeard(w1, at: .seconds(21))
        #expect(scheduler.timePassed(at: .seconds(22)).isEmpty)
        #expect(
            scheduler.callArrived(call(2), client: client, bytes: 1, deadline: .seconds(99), at: .seconds(22))
                == [.dispatch(first(2), to: w1)])
    }

    @Test("without a worker a call waits for its patience, then is told to come back")
    func noWorker() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 1, deadline: .seconds(60), at: .seconds(1))
        let wake = scheduler.nextWake
        #expect(wake == .seconds(6))
        #expect(
            scheduler.timePassed(at: .milliseconds(5999)).isEmpty)
        #expect(
            scheduler.timePassed(at: .seconds(6)) == [.end(call(1), .noWorker(retryAfter: .seconds(5)), attempts: 0)])
    }

    @Test("a draining worker hands back what it had not begun, and gets nothing more")
    func workerDrain() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 2, at: .zero)
        for number in 1...2 {
            _ = scheduler.callArrived(call(UInt64(number)), client: client, bytes: 1, deadline: .seconds(60), at: .zero)
        }
        #expect(
            scheduler.workerDraining(w1, returned: [first(2)], at: .zero).isEmpty)
        #expect(
            scheduler.workerJoined(w2, credits: 1, at: .zero) == [.dispatch(first(2, 2), to: w2)])
        #expect(
            scheduler.jobFinished(first(1), by: w1, at: .zero).accepted)
    }

    @Test("a lost worker's calls come back oldest first, before the client's others")
    func order() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 2, at: .zero)
        for number in 1...3 {
            _ = scheduler.callArrived(call(UInt64(number)), client: client, bytes: 1, deadline: .seconds(60), at: .zero)
        }
        #expect(scheduler.workerLeft(w1, .left, at: .zero).isEmpty)
        let next = scheduler.workerJoined(w2, credits: 3, at: .zero)
        #expect(
            next == [.dispatch(first(1, 2), to: w2), .dispatch(first(2, 2), to: w2), .dispatch(first(3), to: w2)])
    }

    @Test("what a call took of the budget comes back, however it ends")
    func budget() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        for number in 1...3 {
            _ = scheduler.callArrived(
                call(UInt64(number)), client: client, bytes: 300, deadline: .seconds(number), at: .zero)
        }
        _ = scheduler.jobFinished(first(1), by: w1, at: .zero)
        _ = scheduler.callCancelled(call(2), at: .zero)
        let left = scheduler.queueSnapshot(at: .zero).bytes
        #expect(left == 300)
        _ = scheduler.timePassed(at: .seconds(3))
        let none = scheduler.queueSnapshot(at: .seconds(3)).bytes
        #expect(none == 0)
        let whole = scheduler.callArrived(call(4), client: client, bytes: 1000, deadline: .seconds(9), at: .seconds(3))
        #expect(whole.isEmpty, "it waits, and is not refused")
    }

    @Test("cancelling twice, and cancelling what is done, does nothing")
    func cancelTwice() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 1, deadline: .seconds(60), at: .zero)
        #expect(
            scheduler.callCancelled(call(1), at: .zero) == [.end(call(1), .cancelled, attempts: 0)])
        #expect(
            scheduler.callCancelled(call(1), at: .zero).isEmpty)
        #expect(
            scheduler.callCancelled(call(99), at: .zero).isEmpty)
    }

    @Test("a draining broker takes nothing new and finishes the rest")
    func brokerDrain() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 1, deadline: .seconds(60), at: .zero)
        scheduler.drain()
        #expect(
            scheduler.callArrived(call(2), client: client, bytes: 1, deadline: .seconds(60), at: .zero)
                == [.end(call(2), .draining, attempts: 0)])
        #expect(
            scheduler.workerJoined(w1, credits: 1, at: .zero) == [.dispatch(first(1), to: w1)])
    }

    @Test("a worker whose room shrinks gets no more than it offers, and what it hands back goes to another")
    func offers() {
        var scheduler = Scheduler(terms, now: .zero)
        _ = scheduler.workerJoined(w1, credits: 2, at: .zero)
        _ = scheduler.callArrived(call(1), client: client, bytes: 10, deadline: .seconds(60), at: .zero)
        let back = scheduler.workerOffers(w1, credits: 0, returned: [first(1)], at: .zero)
        #expect(back.isEmpty, "nobody has room for it")
        let more = scheduler.callArrived(call(2), client: client, bytes: 10, deadline: .seconds(60), at: .zero)
        #expect(more.isEmpty)
        let again = scheduler.workerOffers(w1, credits: 1, returned: [], at: .zero)
        #expect(again == [.dispatch(first(1, 2), to: w1)], "the oldest first")
        let joined = scheduler.workerJoined(w2, credits: 1, at: .zero)
        #expect(joined == [.dispatch(first(2), to: w2)])
        let unknown = scheduler.workerOffers(WorkerID(9), credits: 9, returned: [first(1)], at: .zero)
        #expect(unknown.isEmpty)
        let counters = scheduler.counters
        #expect(counters.workersLost == 0 && counters.poisoned == 0)
    }
}
