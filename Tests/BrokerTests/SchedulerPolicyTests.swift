// SPDX-License-Identifier: MIT

import Broker
import Testing

/// Who goes first, who is let in, who shares: by plain calls.
@Suite("Scheduler, policy")
struct SchedulerPolicyTests {
    private let anna = ClientID([1])
    private let bert = ClientID([2])
    private let w1 = WorkerID(1)
    private let w2 = WorkerID(2)

    private func call(_ number: UInt64) -> CallID { CallID(number) }

    private func terms(
        _ client: ClientID, bytes: Int = 1, pixels: Int = 0, seconds: Int = 600, priority: CallPriority = .interactive,
        kind: Int = 0, picture: UInt64? = nil, key: String? = nil, fingerprint: UInt64 = 0
    ) -> CallTerms {
        CallTerms(
            client: client, bytes: bytes, pixels: pixels, deadline: .seconds(seconds), priority: priority, kind: kind,
            picture: picture.map { PictureKey(high: 0, low: $0) }, key: key.map { IdempotencyKey($0) },
            fingerprint: fingerprint)
    }

    private func dispatched(_ actions: [SchedulerAction]) -> [CallID] {
        actions.compactMap { if case .dispatch(let attempt, _) = $0 { attempt.call } else { nil } }
    }

    private func place(_ actions: [SchedulerAction]) -> WorkerID? {
        actions.compactMap { if case .dispatch(_, let worker) = $0 { worker } else { nil } }.first
    }

    // MARK: - Shares

    @Test("turns are by work: after one call of ten seconds another client has ten of one second")
    func byWork() {
        var scheduler = Scheduler(SchedulerConfiguration(liveness: 10_000), now: .zero)
        for number: UInt64 in 1...3 { _ = scheduler.callArrived(call(number), terms(anna, kind: 1), at: .zero) }
        for number: UInt64 in 11...30 { _ = scheduler.callArrived(call(number), terms(bert, kind: 2), at: .zero) }
        var order: [CallID] = []
        var now = Duration.zero
        var actions = scheduler.workerJoined(w1, credits: 1, at: now)
        while let id = dispatched(actions).first, order.count < 14 {
            order.append(id)
            now += id.number < 10 ? .seconds(10) : .seconds(1)
            actions = scheduler.jobFinished(Attempt(call: id, number: 1), by: w1, at: now).actions
        }
        #expect(order.first == call(1))
        let next = order.firstIndex(of: call(2)) ?? 0
        #expect((10...12).contains(next), "ten seconds of one are ten calls of the other: \(order)")
    }

    @Test("who did not wait has saved nothing up")
    func noSavings() {
        var scheduler = Scheduler(SchedulerConfiguration(liveness: 10_000), now: .zero)
        var actions = scheduler.workerJoined(w1, credits: 1, at: .zero)
        // Anna has the worker for 20 s that nobody else wants.
        for number: UInt64 in 1...20 {
            actions = scheduler.callArrived(call(number), terms(anna), at: .seconds(Int(number)))
            #expect(dispatched(actions) == [call(number)])
            _ = scheduler.jobFinished(Attempt(call: call(number), number: 1), by: w1, at: .seconds(Int(number) + 1))
        }
        for number: UInt64 in 31...36 {
            _ = scheduler.callArrived(call(number), terms(number % 2 == 0 ? bert : anna), at: .seconds(30))
        }
        var order: [CallID] = [call(31)]
        for second in 31...35 {
            let settled = scheduler.jobFinished(Attempt(call: order.last!, number: 1), by: w1, at: .seconds(second))
            order += dispatched(settled.actions)
        }
        #expect(order.map(\.number) == [31, 32, 34, 33, 36, 35] || order.map(\.number) == [31, 32, 33, 34, 35, 36])
    }

    // MARK: - Classes

    @Test("batch calls go when nothing interactive waits, and with them once they have aged")
    func ageing() {
        var configuration = SchedulerConfiguration(liveness: 10_000)
        configuration.batchAge = .seconds(5)
        for (now, first) in [(4999, 2 as UInt64), (5000, 1)] {
            var scheduler = Scheduler(configuration, now: .zero)
            _ = scheduler.callArrived(call(1), terms(anna, priority: .batch), at: .zero)
            _ = scheduler.callArrived(call(2), terms(anna), at: .milliseconds(1))
            let actions = scheduler.workerJoined(w1, credits: 1, at: .milliseconds(now))
            #expect(dispatched(actions) == [call(first)], "after \(now) ms")
        }
    }

    @Test("an interactive call displaces a batch call of its own client, and never the other way round")
    func ownBatch() {
        var scheduler = Scheduler(SchedulerConfiguration(queueCalls: 2), now: .zero)
        for number: UInt64 in 1...2 {
            _ = scheduler.callArrived(call(number), terms(anna, priority: .batch), at: .zero)
        }
        let displacing = scheduler.callArrived(call(3), terms(anna), at: .zero)
        guard case .end(call(2), .queueFull, 0)? = displacing.first else {
            Issue.record("\(displacing)")
            return
        }
        let refused = scheduler.callArrived(call(4), terms(anna, priority: .batch), at: .zero)
        guard case .end(call(4), .queueFull, 0)? = refused.first else {
            Issue.record("\(refused)")
            return
        }
    }

    // MARK: - Budgets

    @Test("a client has its own budget, in calls, bytes and pixels, on both sides of each", arguments: 0...2)
    func clientBudgets(what: Int) {
        var configuration = SchedulerConfiguration()
        configuration.clientCalls = what == 0 ? 2 : 9
        configuration.clientBytes = what == 1 ? 20 : 900
        configuration.clientPixels = what == 2 ? 20 : 900
        var scheduler = Scheduler(configuration, now: .zero)
        for number: UInt64 in 1...2 {
            #expect(scheduler.callArrived(call(number), terms(anna, bytes: 10, pixels: 10), at: .zero).isEmpty)
        }
        let third = scheduler.callArrived(call(3), terms(anna, bytes: 1, pixels: 1), at: .zero)
        guard case .end(call(3), .queueFull, 0)? = third.first else {
            Issue.record("\(third)")
            return
        }
        #expect(scheduler.callArrived(call(4), terms(bert, bytes: 1, pixels: 1), at: .zero).isEmpty)
    }

    @Test("a call that is larger than a client's whole budget is told so")
    func tooLarge() {
        var configuration = SchedulerConfiguration()
        configuration.clientPixels = 100
        var scheduler = Scheduler(configuration, now: .zero)
        #expect(
            scheduler.callArrived(call(1), terms(anna, pixels: 101), at: .zero)
                == [.end(call(1), .tooLarge(.pixels, limit: 100), attempts: 0)])
        #expect(scheduler.callArrived(call(2), terms(anna, pixels: 100), at: .zero).isEmpty)
    }

    // MARK: - Time

    @Test("what would have to wait and then had too little time is refused at once; what need not wait is tried")
    func noTime() {
        var scheduler = Scheduler(SchedulerConfiguration(liveness: 10_000), now: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        // Three calls of ten seconds, one after the other: from then on it is known.
        for number: UInt64 in 1...3 {
            let now = Duration.seconds(Int(number) * 10)
            #expect(
                dispatched(scheduler.callArrived(call(number), terms(anna, seconds: 1000), at: now)) == [call(number)])
            _ = scheduler.jobFinished(Attempt(call: call(number), number: 1), by: w1, at: now + .seconds(10))
        }
        let tried = scheduler.callArrived(call(4), terms(anna, seconds: 41), at: .seconds(40))
        #expect(dispatched(tried) == [call(4)], "the worker is free")
        let refused = scheduler.callArrived(call(5), terms(anna, seconds: 50), at: .seconds(40))
        guard case .end(call(5), .noTime(let delay), 0)? = refused.first else {
            Issue.record("\(refused)")
            return
        }
        #expect(delay >= .seconds(5))
        #expect(scheduler.callArrived(call(6), terms(anna, seconds: 90), at: .seconds(40)).isEmpty, "it waits")
        #expect(scheduler.counters.hopeless == 1)
        _ = scheduler.workerLeft(w1, .unreachable, at: .seconds(40))
        let hoping = scheduler.callArrived(call(7), terms(anna, seconds: 50), at: .seconds(40))
        #expect(hoping.isEmpty, "without a worker nobody knows how many will come")
    }

    // MARK: - Pictures

    @Test("a picture's calls go where it is, up to two jobs more than elsewhere")
    func pictures() {
        var scheduler = Scheduler(SchedulerConfiguration(), now: .zero)
        for worker in [w1, w2] { _ = scheduler.workerJoined(worker, credits: 5, at: .zero) }
        let places = (1...7).map { place(scheduler.callArrived(call($0), terms(anna, picture: 9), at: .zero)) }
        #expect(places == [w1, w1, w1, w2, w2, w2, w1], "each has it by then, and the less busy one gets it")
        let other = place(scheduler.callArrived(call(8), terms(anna, picture: 10), at: .zero))
        #expect(other == w2)
    }

    // MARK: - Calls that come again

    @Test(
        "a call under an open key waits for the first one's answer; each ends by itself; the work goes on while one is left"
    )
    func joined() {
        var scheduler = Scheduler(SchedulerConfiguration(), now: .zero)
        _ = scheduler.workerJoined(w1, credits: 2, at: .zero)
        let first = terms(anna, seconds: 5, key: "k", fingerprint: 1)
        #expect(dispatched(scheduler.callArrived(call(1), first, at: .zero)) == [call(1)])
        #expect(scheduler.callArrived(call(2), terms(bert, seconds: 9, key: "k", fingerprint: 1), at: .zero).isEmpty)
        let misused = scheduler.callArrived(call(3), terms(bert, key: "k", fingerprint: 2), at: .zero)
        #expect(misused == [.end(call(3), .keyReused, attempts: 0)])
        scheduler.workerHeard(w1, at: .seconds(5))
        #expect(scheduler.timePassed(at: .seconds(5)) == [.end(call(1), .deadlineExceeded, attempts: 1)])
        let settled = scheduler.jobFinished(Attempt(call: call(1), number: 1), by: w1, answerBytes: 7, at: .seconds(6))
        #expect(settled.answered == [call(2)] && settled.isKept)
        let again = scheduler.callArrived(call(4), terms(anna, seconds: 60, key: "k", fingerprint: 1), at: .seconds(7))
        #expect(again == [.answerAgain(call(4), with: call(1))])
        #expect(scheduler.callArrived(call(5), terms(anna, key: "k", fingerprint: 9), at: .seconds(7)).count == 1)
        scheduler.workerHeard(w1, at: .seconds(66))
        #expect(scheduler.timePassed(at: .seconds(66)) == [.forgetAnswer(call(1))], "60 s after the answer")
        #expect(dispatched(scheduler.callArrived(call(6), first.until(99), at: .seconds(66))) == [call(6)])
    }

    @Test("an answer that may not be given again is not kept, nor one larger than all the room")
    func notKept() {
        var configuration = SchedulerConfiguration()
        configuration.answerBytesKept = 100
        for (bytes, isKept) in [(nil, false), (100, true), (101, false)] as [(Int?, Bool)] {
            var scheduler = Scheduler(configuration, now: .zero)
            _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
            _ = scheduler.callArrived(call(1), terms(anna, key: "k"), at: .zero)
            let settled = scheduler.jobFinished(
                Attempt(call: call(1), number: 1), by: w1, answerBytes: bytes, at: .zero)
            #expect(settled.isKept == isKept && settled.accepted)
        }
    }

    @Test("the last caller who gives up stops the work")
    func lastCaller() {
        var scheduler = Scheduler(SchedulerConfiguration(), now: .zero)
        _ = scheduler.workerJoined(w1, credits: 1, at: .zero)
        _ = scheduler.callArrived(call(1), terms(anna, key: "k"), at: .zero)
        _ = scheduler.callArrived(call(2), terms(bert, key: "k"), at: .zero)
        #expect(scheduler.clientGone(anna, at: .zero) == [.end(call(1), .abandoned, attempts: 1)])
        let attempt = Attempt(call: call(1), number: 1)
        #expect(
            scheduler.callCancelled(call(2), at: .zero)
                == [.cancel(attempt, at: w1), .end(call(2), .cancelled, attempts: 1)])
    }
}

extension CallTerms {
    fileprivate func until(_ seconds: Int) -> CallTerms {
        var terms = self
        terms.deadline = .seconds(seconds)
        return terms
    }
}
