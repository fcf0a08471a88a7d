// SPDX-License-Identifier: MIT
import Grounding
import Testing
import Wire
import Worker

/// The pure half of a worker, event by event.
struct WorkerSessionTests {
    private let start = ContinuousClock.now
    private let hello = WorkerHello(
        instance: "i", name: "n", pid: 1, version: "v",
        model: ModelIdentity(name: "m", revision: "r", precision: "f32"), credits: 2)
    private let terms = WorkerWelcome(worker: "w1", beatIntervalMilliseconds: 1000, liveness: 4)
    private let first = Dispatch(call: "1", attempt: 1)
    private let second = Dispatch(call: "2", attempt: 1)

    private func session() -> WorkerSession {
        WorkerSession(hello: hello, helloInterval: .seconds(2), at: start)
    }

    private func open() -> WorkerSession {
        var session = session()
        _ = session.timePassed(at: start, progress: 0)
        _ = session.received(.welcome(terms), at: start)
        return session
    }

    private func job(_ dispatch: Dispatch) -> Job {
        Job(dispatch: dispatch, id: "x", method: "/a/b", remainingMilliseconds: 1, body: [])
    }

    @Test func helloIsRepeatedUntilItIsAnswered() {
        var session = session()
        #expect(session.nextDeadline == start)
        var actions = session.timePassed(at: start, progress: 0)
        #expect(actions == [.send(.hello(hello))])
        actions = session.timePassed(at: start + .seconds(2) - .nanoseconds(1), progress: 0)
        #expect(actions == [])
        actions = session.timePassed(at: start + .seconds(2), progress: 0)
        #expect(actions == [.send(.hello(hello))])
        actions = session.received(.welcome(terms), at: start + .seconds(3))
        #expect(actions == [])
        #expect(session.worker == "w1")
        #expect(session.nextDeadline == start + .milliseconds(3500))
    }

    @Test func beatsAreDueTwiceInAnInterval() {
        var session = open()
        var actions = session.timePassed(at: start + .milliseconds(499), progress: 5)
        #expect(actions == [])
        _ = session.received(.job(job(first)), at: start)
        actions = session.timePassed(at: start + .milliseconds(500), progress: 5)
        #expect(actions == [.send(.beat(WorkerBeat(progress: 5, jobs: [first], isBusy: false)))])
        _ = session.started(first)
        actions = session.timePassed(at: start + .seconds(1), progress: 6)
        #expect(actions == [.send(.beat(WorkerBeat(progress: 6, jobs: [first], isBusy: true)))])
    }

    @Test func silenceOfFourIntervalsEndsTheSession() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        _ = session.received(.beat, at: start + .seconds(1))
        for second in 1...4 { _ = session.timePassed(at: start + .seconds(second), progress: 0) }
        var actions = session.timePassed(at: start + .milliseconds(4999), progress: 0)
        #expect(!actions.contains(.reconnect))
        actions = session.timePassed(at: start + .seconds(5), progress: 0)
        #expect(actions == [.cancel(first), .reconnect])
        actions = session.timePassed(at: start + .seconds(5), progress: 0)
        #expect(actions == [.send(.hello(hello))])
        actions = session.finished(JobResult(dispatch: first, status: .ok))
        #expect(actions == [])
        #expect(session.counters.lateResults == 1)
    }

    /// A process that was stopped, or a machine that slept, is no reason to leave a broker that lives.
    @Test func aWorkerThatStoodStillDoesNotBlameTheBroker() {
        var session = open()
        var actions = session.timePassed(at: start + .seconds(60), progress: 0)
        #expect(actions == [.send(.beat(WorkerBeat()))])
        for second in 61...63 {
            actions = session.timePassed(at: start + .seconds(second), progress: 0)
            #expect(!actions.contains(.reconnect))
        }
        // The silence that was there before the pause counts.
        actions = session.timePassed(at: start + .milliseconds(63_500), progress: 0)
        #expect(actions == [.reconnect])
    }

    @Test func creditsAreHeldAgainstTheBroker() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        _ = session.received(.job(job(second)), at: start)
        let third = Dispatch(call: "3", attempt: 1)
        let actions = session.received(.job(job(third)), at: start)
        guard case .send(.result(let result)) = actions.first else {
            Issue.record("no refusal: \(actions)")
            return
        }
        #expect(result.dispatch == third && result.status.reason == .noCredit)
        let again = session.received(.job(job(first)), at: start)
        #expect(again == [])
        #expect(session.counters.violations == 2)
    }

    @Test func aRefusedJobIsAnsweredOnceAndOnlyInASession() {
        var error = FrameError(.malformed, .tooLarge("body", bytes: 2, limit: 1))
        var session = open()
        var actions = session.receivedGarbage(error)
        #expect(actions == [], "nobody's")
        error.dispatch = first
        actions = session.receivedGarbage(error)
        #expect(actions == [.send(.result(JobResult(dispatch: first, status: error.status)))])
        _ = session.received(.job(job(first)), at: start)
        actions = session.receivedGarbage(error)
        #expect(actions == [], "the engine has it")
        var stranger = self.session()
        actions = stranger.receivedGarbage(error)
        #expect(actions == [] && stranger.counters.violations == 1)
    }

    @Test func aJobOutsideASessionIsDropped() {
        var session = session()
        let actions = session.received(.job(job(first)), at: start)
        #expect(actions == [])
        #expect(session.counters.violations == 1)
    }

    @Test func aWaitingJobIsCancelledAtOnceARunningOneByItsEngine() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        _ = session.started(first)
        _ = session.received(.job(job(second)), at: start)
        var actions = session.received(.cancel(first, reason: ""), at: start)
        #expect(actions == [.cancel(first)])
        actions = session.received(.cancel(first, reason: ""), at: start)
        #expect(actions == [])
        actions = session.received(.cancel(second, reason: ""), at: start)
        #expect(actions.first == .cancel(second) && actions.count == 2)
        // The engine took it in the same moment: its reports find nobody waiting.
        actions = session.started(second)
        #expect(actions == [.cancel(second)])
        actions = session.finished(JobResult(dispatch: second, status: .ok))
        #expect(actions == [])
        let result = JobResult(dispatch: first, status: RPCStatus(.cancelled))
        actions = session.finished(result)
        #expect(actions == [.send(.result(result))])
    }

    @Test func aSecondAttemptIsAnotherJob() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        _ = session.received(.who, at: start)
        _ = session.received(.welcome(terms), at: start)
        let again = Dispatch(call: "1", attempt: 2)
        _ = session.received(.job(job(again)), at: start)
        var actions = session.finished(JobResult(dispatch: first, status: .ok))
        #expect(actions == [])
        actions = session.finished(JobResult(dispatch: again, status: .ok))
        #expect(actions == [.send(.result(JobResult(dispatch: again, status: .ok)))])
    }

    @Test func aWhoThatCrossesAHelloIsNoReasonForAnother() {
        var session = session()
        _ = session.timePassed(at: start, progress: 0)
        let actions = session.received(.who, at: start)
        #expect(actions == [])
    }

    /// Jobs sent to a worker whose engine is still in an old job would only wait there.
    @Test func helloWaitsForTheEngine() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        _ = session.started(first)
        var actions = session.received(.who, at: start)
        #expect(actions == [.cancel(first)])
        actions = session.timePassed(at: start + .seconds(1), progress: 0)
        #expect(actions == [])
        _ = session.finished(JobResult(dispatch: first, status: RPCStatus(.cancelled)))
        actions = session.timePassed(at: start + .seconds(1), progress: 0)
        #expect(actions == [.send(.hello(hello))])
    }

    /// It is free when all of them have ended, in whatever order.
    @Test func helloWaitsForEveryJobOfTheEngine() {
        var session = open()
        for dispatch in [first, second] {
            _ = session.received(.job(job(dispatch)), at: start)
            _ = session.started(dispatch)
        }
        #expect(Set(session.received(.who, at: start)) == [.cancel(first), .cancel(second)])
        _ = session.finished(JobResult(dispatch: second, status: RPCStatus(.cancelled)))
        var actions = session.timePassed(at: start + .seconds(1), progress: 0)
        #expect(actions == [])
        _ = session.finished(JobResult(dispatch: first, status: RPCStatus(.cancelled)))
        actions = session.timePassed(at: start + .seconds(1), progress: 0)
        #expect(actions == [.send(.hello(hello))])
    }

    @Test func aWorkerIsBusyWhileAnyJobRuns() {
        var session = open()
        for dispatch in [first, second] {
            _ = session.received(.job(job(dispatch)), at: start)
            _ = session.started(dispatch)
        }
        _ = session.finished(JobResult(dispatch: second, status: .ok))
        let actions = session.timePassed(at: start + .seconds(1), progress: 5)
        #expect(actions == [.send(.beat(WorkerBeat(progress: 5, jobs: [first], isBusy: true)))])
    }

    @Test func anEngineThatHangsIsGivenUp() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        _ = session.started(first)
        _ = session.received(.bye(RPCStatus(.unavailable, "stuck")), at: start)
        // A pause of 2 s before coming back, then 30 s for the engine.
        #expect(session.nextDeadline == start + .seconds(32))
        var actions = session.timePassed(at: start + .seconds(32) - .nanoseconds(1), progress: 0)
        #expect(actions == [])
        actions = session.timePassed(at: start + .seconds(32), progress: 0)
        #expect(actions == [.giveUp])
        #expect(session.nextDeadline == nil)
    }

    @Test func drainingTwiceIsDrainingOnce() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        _ = session.started(first)
        _ = session.received(.job(job(second)), at: start)
        var actions = session.drain()
        #expect(actions == [.handBack([second])])
        actions = session.handedBack([second])
        #expect(actions == [.send(.drain(returned: [second]))])
        actions = session.received(.drain, at: start)
        #expect(actions == [])
        actions = session.giveUpRunning()
        #expect(actions == [.cancel(first)])
        actions = session.finished(JobResult(dispatch: first, status: .ok))
        #expect(actions == [.send(.result(JobResult(dispatch: first, status: .ok))), .send(.bye(.ok)), .finish(nil)])
        actions = session.received(.who, at: start)
        #expect(actions == [])
        #expect(session.nextDeadline == nil)
    }

    private func stopping() -> WorkerSession {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        _ = session.started(first)
        _ = session.drain()
        _ = session.handedBack([])
        return session
    }

    /// Nobody but the worker wanted it to stop: another does it.
    @Test func whatALeavingWorkerStopsIsHandedBack() {
        var session = stopping()
        var actions = session.giveUpRunning()
        #expect(actions == [.cancel(first)])
        actions = session.finished(JobResult(dispatch: first, status: RPCStatus(.cancelled)))
        #expect(actions == [.send(.drain(returned: [first])), .send(.bye(.ok)), .finish(nil)])
    }

    @Test(arguments: [StatusCode.deadlineExceeded, .internal])
    func whatEndsByItselfIsAnswered(_ code: StatusCode) {
        var session = stopping()
        _ = session.giveUpRunning()
        let result = JobResult(dispatch: first, status: RPCStatus(code))
        let actions = session.finished(result)
        #expect(actions.first == .send(.result(result)))
    }

    @Test(arguments: [true, false])
    func whatItsCallerCancelledIsAnsweredWithThat(_ cancelledFirst: Bool) {
        var session = stopping()
        if !cancelledFirst { _ = session.giveUpRunning() }
        _ = session.received(.cancel(first, reason: ""), at: start)
        if cancelledFirst { _ = session.giveUpRunning() }
        let result = JobResult(dispatch: first, status: RPCStatus(.cancelled))
        let actions = session.finished(result)
        #expect(actions.first == .send(.result(result)))
    }

    /// The engine took the job in the moment of the drain: it is finished, not handed back.
    @Test func aJobThatJustBeganIsNotHandedBack() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        var actions = session.drain()
        #expect(actions == [.handBack([first])])
        actions = session.handedBack([])
        #expect(actions == [.send(.drain(returned: []))])
        _ = session.started(first)
        actions = session.finished(JobResult(dispatch: first, status: .ok))
        #expect(actions.last == .finish(nil))
    }

    @Test func drainingWithoutASessionEndsAtOnce() {
        var session = session()
        let actions = session.drain()
        #expect(actions == [.finish(nil)])
    }

    @Test func aBrokerThatStopsIsAskedAgainLater() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        var actions = session.received(.bye(RPCStatus(.unavailable)), at: start)
        #expect(actions == [.cancel(first)])
        actions = session.timePassed(at: start + .seconds(2), progress: 0)
        #expect(actions == [.send(.hello(hello))])
        actions = session.received(.bye(RPCStatus(.permissionDenied)), at: start)
        #expect(actions == [.finish(RPCStatus(.permissionDenied))])
    }

    // MARK: - Room that is shared with other brokers

    @Test func aJobThereIsNoRoomForIsHandedBackAndNotHeld() {
        var session = open()
        let actions = session.declined(job(first), credits: 0, at: start)
        #expect(actions == [.send(.credit(0, returned: [first]))])
        #expect(session.occupied == 0)
        // There is room again, and the same job may come again.
        #expect(session.offer(2) == [.send(.credit(2, returned: []))])
        #expect(session.received(.job(job(first)), at: start) == [.start(job(first))])
        #expect(session.occupied == 1)
    }

    @Test func anOfferIsToldOnceAndANewSessionBeginsWithThatOfTheHello() {
        var session = open()
        #expect(session.offer(2) == [], "the HELLO said so")
        #expect(session.offer(1) == [.send(.credit(1, returned: []))])
        #expect(session.offer(1) == [])
        _ = session.received(.welcome(terms), at: start)
        #expect(session.offer(2) == [])
        #expect(session.offer(1) == [.send(.credit(1, returned: []))])
    }

    @Test func aSessionThatDrainsOffersNothing() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        _ = session.started(first)
        _ = session.drain()
        _ = session.handedBack([])
        #expect(session.offer(1) == [])
        #expect(session.declined(job(second), credits: 1, at: start) == [.send(.drain(returned: [second]))])
    }

    @Test func aJobThatTheEngineIsStillInTakesRoom() {
        var session = open()
        _ = session.received(.job(job(first)), at: start)
        _ = session.started(first)
        _ = session.received(.welcome(terms), at: start)
        #expect(session.occupied == 1)
        _ = session.finished(JobResult(dispatch: first, status: RPCStatus(.cancelled)))
        #expect(session.occupied == 0)
    }

    @Test(arguments: [
        ([0, 0], [5, 5]), ([2, 0], [5, 3]), ([2, 3], [2, 3]), ([5, 0], [5, 0]), ([4, 3], [4, 3]), ([7], [5]),
        ([0], [5]),
    ])
    func whatIsFreeIsOfferedToAll(_ occupied: [Int], _ offers: [Int]) {
        #expect(SharedRoom.offers(credits: 5, occupied: occupied) == offers)
    }
}
