// SPDX-License-Identifier: MIT

import Broker
import Testing

/// Workers that an operator sets aside.
@Suite("Scheduler, operators")
struct SchedulerOperatorTests {
    private let w1 = WorkerID(1)
    private let w2 = WorkerID(2)
    private let client = ClientID([1])

    private func scheduler(workers: [WorkerID], credits: Int = 2, patience: Duration = .seconds(5)) -> Scheduler {
        var scheduler = Scheduler(SchedulerConfiguration(liveness: 10_000, noWorkerPatience: patience), now: .zero)
        for id in workers { _ = scheduler.workerJoined(id, credits: credits, at: .zero) }
        return scheduler
    }

    private func ask(_ scheduler: inout Scheduler, _ number: UInt64, at now: Duration = .zero) -> [SchedulerAction] {
        scheduler.callArrived(CallID(number), client: client, bytes: 1, deadline: .seconds(600), at: now)
    }

    private func dispatches(_ actions: [SchedulerAction]) -> [WorkerID] {
        actions.compactMap { if case .dispatch(_, let worker) = $0 { worker } else { nil } }
    }

    @Test("it gets nothing more, finishes what it has, and gets work again when it is let")
    func life() {
        var scheduler = scheduler(workers: [w1], credits: 2)
        #expect(dispatches(ask(&scheduler, 1)) == [w1])
        var changes = [scheduler.setAside(w1, at: .zero), scheduler.setAside(w1, at: .zero)]
        #expect(changes == [true, false], "a second time changes nothing")
        #expect(ask(&scheduler, 2) == [], "it has room and is set aside")
        let now = scheduler.workerSnapshot(w1, at: .zero)
        #expect(now?.isSetAside == true && now?.isDraining == false && now?.jobs == 1)
        #expect(now?.takesWork == false)
        let settlement = scheduler.jobFinished(Attempt(call: CallID(1), number: 1), by: w1, at: .seconds(1))
        #expect(settlement.answered == [CallID(1)] && settlement.actions == [])
        let actions = scheduler.takeBack(w1, at: .seconds(2))
        #expect(dispatches(actions ?? []) == [w1])
        let again = scheduler.takeBack(w1, at: .seconds(2))
        #expect(again == nil, "a second time changes nothing")
        changes = [scheduler.setAside(w2, at: .zero)]
        let nobody = scheduler.takeBack(w2, at: .zero)
        #expect(changes == [false] && nobody == nil, "one that is not here is neither")
    }

    @Test("the others go on, and what is queued is counted over their places alone")
    func others() {
        var scheduler = scheduler(workers: [w1, w2], credits: 1)
        _ = scheduler.setAside(w1, at: .zero)
        #expect(dispatches(ask(&scheduler, 1)) == [w2])
        _ = ask(&scheduler, 2)
        let waiting = scheduler.queueSnapshot(at: .zero)
        let reasons = scheduler.waitReasons
        #expect(reasons == [.noRoom: 1, .alone: 0])
        let one = waiting.backlog
        _ = scheduler.takeBack(w1, at: .zero)
        _ = ask(&scheduler, 3)
        #expect(scheduler.queueSnapshot(at: .zero).backlog < one, "the same waits for twice as many")
        let serves = scheduler.isServing
        #expect(serves)
    }

    @Test("while all are set aside calls wait as long as while there is none")
    func allAside() {
        var scheduler = scheduler(workers: [w1], patience: .seconds(5))
        _ = scheduler.setAside(w1, at: .seconds(10))
        let serves = scheduler.isServing
        #expect(!serves)
        #expect(ask(&scheduler, 1, at: .seconds(12)) == [])
        let reasons = scheduler.waitReasons
        #expect(reasons == [.noWorker: 1, .alone: 0])
        #expect(scheduler.timePassed(at: .seconds(16)) == [])
        let end = scheduler.timePassed(at: .seconds(17))
        #expect(end == [.end(CallID(1), .noWorker(retryAfter: .seconds(5)), attempts: 0)])
    }

    @Test("one that joins set aside gets nothing, and counts for nobody")
    func joins() {
        var scheduler = scheduler(workers: [], patience: .seconds(5))
        _ = ask(&scheduler, 1)
        let actions = scheduler.workerJoined(w1, credits: 1, isSetAside: true, at: .seconds(1))
        let serves = scheduler.isServing
        #expect(actions == [] && !serves)
        #expect(scheduler.timePassed(at: .seconds(5)) != [], "its coming does not begin the patience anew")
    }

    @Test("what must be alone says so")
    func alone() {
        var scheduler = scheduler(workers: [w1, w2], credits: 1)
        _ = ask(&scheduler, 1)
        _ = ask(&scheduler, 2)
        scheduler.jobStarted(Attempt(call: CallID(1), number: 1), by: w1, at: .zero)
        _ = scheduler.workerLeft(w1, .unreachable, at: .zero)
        let reasons = scheduler.waitReasons
        #expect(reasons == [.noRoom: 0, .alone: 1])
    }
}
