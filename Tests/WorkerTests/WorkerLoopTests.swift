// SPDX-License-Identifier: MIT
import Grounding
import Imaging
import Inference
import Logging
import Messaging
import Synchronization
import Testing
import Wire
import Worker

/// A worker with a fake engine against a broker on a real socket.
@Suite(.timeLimit(.minutes(2)))
struct WorkerLoopTests {
    private struct Bench {
        let broker: ScriptedBroker
        let worker: WorkerLoop
        let controls = FakeRunner.Controls()
        /// What ``WorkerLoop/run()`` threw, once it is over.
        let ended: Task<WorkerError?, Never>

        init(
            broker: ScriptedBroker = ScriptedBroker(), slots: UInt32 = 1, credits: UInt32 = 1,
            grace: Duration = .seconds(20),
            hangLimit: Duration = .seconds(30), failing: Bool = false
        ) {
            self.broker = broker
            var logger = Logger(label: "worker")
            logger.logLevel = .critical
            let configuration = WorkerConfiguration(
                endpoints: [broker.endpoint], name: "bench", instance: "c0ffee", pid: 7, version: "0.1", slots: slots,
                credits: credits, drainGrace: grace, helloInterval: .milliseconds(100), hangLimit: hangLimit)
            let worker = WorkerLoop(configuration, logger: logger) { [controls] in
                if failing { throw WorkerError.engine("no weights") }
                return FakeRunner(controls: controls)
            }
            self.worker = worker
            ended = Self.start(worker)
        }

        private static func start(_ worker: WorkerLoop) -> Task<WorkerError?, Never> {
            let outcome = AsyncStream.makeStream(of: WorkerError?.self)
            _ = DedicatedThread(name: "worker") {
                do throws(WorkerError) {
                    try worker.run()
                    outcome.continuation.yield(nil)
                } catch {
                    outcome.continuation.yield(error)
                }
            }
            return Task {
                for await error in outcome.stream { return error }
                return nil
            }
        }

        func job(_ question: String, call: String = "c1", attempt: UInt32 = 1, remaining: UInt32 = 30_000) -> Job {
            let encoding = WireEncoding.json
            return Job(
                dispatch: Dispatch(call: call, attempt: attempt), id: "id-\(call)", method: Method.ask.rawValue,
                remainingMilliseconds: remaining, queueMilliseconds: 3, resultEncoding: encoding,
                body: TaskRequest(.ask(question: question, grounded: false)).body(encoding), image: [1, 2])
        }

        /// Stops the worker and waits for its end.
        func finish() async -> WorkerError? {
            worker.stop()
            let error = await ended.value
            broker.stop()
            return error
        }
    }

    @Test func helloSaysWhoAndWhat() async throws {
        let bench = Bench(credits: 2)
        let hello = try await bench.broker.welcome()
        #expect(
            hello
                == WorkerHello(
                    instance: "c0ffee", name: "bench", pid: 7, version: "0.1", model: FakeRunner.identity, credits: 2,
                    imageLimits: WireImageLimits(maxBytes: 1, maxPixels: 2, maxSide: 3)))
        #expect(await bench.finish() == nil)
    }

    @Test func aJobIsStartedAndAnswered() async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        let job = bench.job("answer", attempt: 2)
        bench.broker.say(.job(job))
        #expect(try await bench.broker.hear { if case .started(let it) = $0 { it } else { nil } } == job.dispatch)
        let answer = try await bench.broker.hearResult()
        #expect(answer.dispatch == job.dispatch)
        #expect(answer.status == .ok)
        #expect(WireEncoding(of: answer.body) == .json)
        let result = try GroundingResult(body: answer.body)
        #expect(result.id == "id-c1" && result.caption == "answer")
        #expect(result.attempts == 2)
        #expect(result.timing.queue == 3 && result.timing.total == 8)
        #expect(await bench.finish() == nil)
    }

    @Test func whatIsWrongWithAJobIsSaid() async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        var unknown = bench.job("answer", call: "unknown")
        unknown.method = "/boxwood.v1.Grounding/Paint"
        var blind = bench.job("answer", call: "blind")
        blind.image = nil
        var broken = bench.job("answer", call: "broken")
        broken.body = [0xFF]
        let late = bench.job("answer", call: "late", remaining: 0)
        let cases: [(Job, StatusCode)] = [
            (unknown, .unimplemented), (blind, .invalidArgument), (broken, .invalidArgument),
            (late, .deadlineExceeded), (bench.job("fail", call: "fail"), .dataLoss),
            (bench.job("overstep", call: "overstep"), .unknown), (bench.job("answer", call: "good"), .ok),
        ]
        for (job, code) in cases {
            bench.broker.say(.job(job))
            let result = try await bench.broker.hearResult()
            #expect(result.dispatch == job.dispatch)
            #expect(result.status.code == code, "\(job.dispatch)")
            #expect(result.body.isEmpty == (code != .ok))
        }
        #expect(await bench.finish() == nil)
    }

    @Test func aRunningJobIsCancelled() async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        let job = bench.job("wait")
        bench.broker.say(.job(job))
        try await bench.broker.hear { if case .started = $0 { true } else { nil } }
        bench.broker.say(.cancel(job.dispatch, reason: "enough"))
        #expect(try await bench.broker.hearResult().status.code == .cancelled)
        #expect(await bench.finish() == nil)
    }

    /// The broker counts what the client says, so a picture with more than that is not taken.
    @Test(arguments: [(7, StatusCode.invalidArgument), (8, .ok), (nil, .ok)] as [(UInt32?, StatusCode)])
    func aPictureHasNoMorePixelsThanItsClientSaid(said: UInt32?, code: StatusCode) async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        var job = bench.job("answer")
        let picture = RGBImage(width: 4, height: 2, pixels: [UInt8](repeating: 0, count: 24))
        job.image = try PNGEncoder.encode(picture)
        job.pixels = said
        bench.broker.say(.job(job))
        let status = try await bench.broker.hearResult().status
        #expect(status.code == code && status.violations.map(\.field) == (code == .ok ? [] : ["pixels"]))
        #expect(await bench.finish() == nil)
    }

    @Test func jobsRunSideBySideUpToTheSlots() async throws {
        let bench = Bench(slots: 2, credits: 4)
        try await bench.broker.welcome()
        for call in ["a", "b", "c"] { bench.broker.say(.job(bench.job("idle", call: call))) }
        var started: [String] = []
        while started.count < 2 {
            started.append(try await bench.broker.hear { if case .started(let it) = $0 { it.call } else { nil } })
        }
        #expect(started == ["a", "b"])
        // A job that needs no time cannot overtake the third: the slots are taken.
        bench.broker.say(.job(bench.job("answer", call: "d")))
        bench.broker.say(.cancel(Dispatch(call: "b", attempt: 1), reason: ""))
        let cancelled = try await bench.broker.hearResult()
        #expect(cancelled.dispatch.call == "b" && cancelled.status.code == .cancelled)
        bench.controls.release()
        bench.controls.release()
        var ends = Set<String>()
        while ends.count < 3 { ends.insert(try await bench.broker.hearResult().dispatch.call) }
        #expect(ends == ["a", "c", "d"])
        #expect(bench.controls.peak.load(ordering: .relaxed) == 2)
        #expect(await bench.finish() == nil)
    }

    @Test func allJobsThatOutlastTheGraceAreHandedBack() async throws {
        let bench = Bench(slots: 3, credits: 3, grace: .milliseconds(50))
        try await bench.broker.welcome()
        for call in ["a", "b", "c"] { bench.broker.say(.job(bench.job("idle", call: call))) }
        for _ in 0..<3 { try await bench.broker.hear { if case .started = $0 { true } else { nil } } }
        bench.worker.stop()
        var returned = Set<String>()
        let bye = try await bench.broker.hear { message -> RPCStatus? in
            switch message {
            case .drain(let dispatches): returned.formUnion(dispatches.map(\.call))
            case .result(let result): Issue.record("answered with \(result.status)")
            case .bye(let status): return status
            default: break
            }
            return nil
        }
        #expect(returned == ["a", "b", "c"] && bye == .ok)
        #expect(await bench.ended.value == nil)
        bench.broker.stop()
    }

    /// The beats of a worker whose engine hangs go on, while its progress stands still.
    @Test func aHungEngineBeatsWithoutProgress() async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        bench.controls.progress.store(41, ordering: .relaxed)
        bench.broker.say(.job(bench.job("hang")))
        try await bench.broker.hear { if case .started = $0 { true } else { nil } }
        for _ in 0..<5 {
            let beat = try await bench.broker.hear { if case .beat(let beat) = $0 { beat } else { nil } }
            #expect(beat == WorkerBeat(progress: 41, jobs: [Dispatch(call: "c1", attempt: 1)], isBusy: true))
        }
        bench.controls.release()
        #expect(try await bench.broker.hearResult().status == .ok)
        let idle = try await bench.broker.hear { if case .beat(let beat) = $0 { beat } else { nil } }
        #expect(idle == WorkerBeat(progress: 41))
        #expect(await bench.finish() == nil)
    }

    @Test func stoppingHandsBackWhatWasNotBegunAndFinishesTheRest() async throws {
        let bench = Bench(credits: 3)
        try await bench.broker.welcome()
        bench.broker.say(.job(bench.job("hang", call: "running")))
        try await bench.broker.hear { if case .started = $0 { true } else { nil } }
        bench.broker.say(.job(bench.job("answer", call: "waiting")))
        try await bench.broker.hear { if case .beat(let beat) = $0, beat.jobs.count == 2 { true } else { nil } }
        bench.worker.stop()
        let returned = try await bench.broker.hear { if case .drain(let returned) = $0 { returned } else { nil } }
        #expect(returned.map(\.call) == ["waiting"])
        bench.broker.say(.job(bench.job("answer", call: "crossing")))
        let crossing = try await bench.broker.hear { if case .drain(let returned) = $0 { returned } else { nil } }
        #expect(crossing.map(\.call) == ["crossing"])
        bench.controls.release()
        let result = try await bench.broker.hearResult()
        #expect(result.dispatch.call == "running" && result.status == .ok)
        let bye = try await bench.broker.hear { if case .bye(let status) = $0 { status } else { nil } }
        #expect(bye == RPCStatus.ok)
        #expect(await bench.finish() == nil)
    }

    @Test func aBrokerThatAsksForADrainGetsIt() async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        bench.broker.say(.drain)
        try await bench.broker.hear { if case .bye = $0 { true } else { nil } }
        #expect(await bench.ended.value == nil)
        bench.broker.stop()
    }

    @Test func aHungJobDoesNotHoldUpTheEnd() async throws {
        let bench = Bench(grace: .milliseconds(50))
        try await bench.broker.welcome()
        bench.broker.say(.job(bench.job("hang")))
        try await bench.broker.hear { if case .started = $0 { true } else { nil } }
        bench.worker.stop()
        let bye = try await bench.broker.hear { if case .bye(let status) = $0 { status } else { nil } }
        #expect(bye.code == .unavailable)
        #expect(await bench.ended.value == nil)
        bench.controls.release()
        bench.broker.stop()
    }

    @Test func aJobThatOutlastsTheGraceIsHandedBackAndNotCancelled() async throws {
        let bench = Bench(grace: .milliseconds(50))
        try await bench.broker.welcome()
        let job = bench.job("wait")
        bench.broker.say(.job(job))
        try await bench.broker.hear { if case .started = $0 { true } else { nil } }
        bench.worker.stop()
        var returned: [Dispatch] = []
        let bye = try await bench.broker.hear { message -> RPCStatus? in
            switch message {
            case .drain(let dispatches): returned += dispatches
            case .result(let result): Issue.record("answered with \(result.status)")
            case .bye(let status): return status
            default: break
            }
            return nil
        }
        #expect(returned == [job.dispatch] && bye == .ok)
        #expect(await bench.ended.value == nil)
        bench.broker.stop()
    }

    @Test func aBrokerThatForgotIsToldAgain() async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        let lost = bench.job("wait", call: "lost")
        bench.broker.say(.job(lost))
        try await bench.broker.hear { if case .started = $0 { true } else { nil } }
        bench.broker.say(.who)
        let hello = try await bench.broker.welcome(
            WorkerWelcome(worker: "w2", beatIntervalMilliseconds: 50, liveness: 1000))
        #expect(hello.instance == "c0ffee")
        // The job of the old session was stopped, and its end is not told to the new one.
        bench.broker.say(.job(bench.job("answer", call: "new")))
        #expect(try await bench.broker.hearResult().dispatch.call == "new")
        #expect(bench.worker.counters.sessions == 2)
        #expect(bench.worker.counters.lateResults == 1)
        #expect(await bench.finish() == nil)
    }

    @Test func aRestartedBrokerIsJoinedAgain() async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        try await bench.broker.hear { if case .beat = $0 { true } else { nil } }
        let endpoint = bench.broker.endpoint
        bench.broker.stop()
        let second = ScriptedBroker(at: endpoint)
        try await second.hear { if case .beat = $0 { true } else { nil } }
        second.say(.who)
        try await second.welcome()
        second.say(.job(bench.job("answer")))
        #expect(try await second.hearResult().status == .ok)
        bench.worker.stop()
        #expect(await bench.ended.value == nil)
        second.stop()
    }

    /// The broker never beats: the worker leaves its socket and comes back on another.
    @Test func aSilentBrokerIsLeftForANewSocket() async throws {
        let broker = ScriptedBroker { connection in
            WorkerWelcome(worker: "w\(connection)", beatIntervalMilliseconds: 20, liveness: connection == 1 ? 3 : 5000)
        }
        let bench = Bench(broker: broker)
        try await broker.hearPeers(2)
        broker.say(.job(bench.job("answer")))
        #expect(try await broker.hearResult().status == .ok)
        #expect(await bench.finish() == nil)
    }

    @Test func garbageIsCountedAndDropped() async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        let magic = WireLimits.magic
        for frames in [[[0xFF]], [magic, [], []], [magic, Array("JOB".utf8), [0xFF], []], [magic], []] as [[[UInt8]]] {
            bench.broker.say(frames.isEmpty ? [magic, Array("RESPONSE".utf8), [], []] : frames)
        }
        bench.broker.say(.cancel(Dispatch(call: "nobody", attempt: 1), reason: ""))
        bench.broker.say(.job(bench.job("answer")))
        #expect(try await bench.broker.hearResult().status == .ok)
        #expect(bench.worker.counters.violations == 6)
        #expect(await bench.finish() == nil)
    }

    /// A JOB that cannot be taken is answered where its header says whose it is: the broker waits for it.
    @Test func aRefusedJobIsAnswered() async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        var job = bench.job("answer", call: "large")
        job.body = [UInt8](repeating: 0, count: WireLimits.requestBodyBytes + 1)
        bench.broker.say(.job(job))
        let refused = try await bench.broker.hearResult()
        #expect(refused.dispatch == job.dispatch)
        #expect(refused.status.code == .resourceExhausted && refused.status.reason == .tooLarge)
        bench.broker.say(.job(bench.job("answer")))
        #expect(try await bench.broker.hearResult().status == .ok)
        #expect(bench.worker.counters.violations == 1)
        #expect(await bench.finish() == nil)
    }

    @Test func aHungEngineEndsTheWorkerOnceItsJobIsTakenAway() async throws {
        let bench = Bench(hangLimit: .milliseconds(50))
        try await bench.broker.welcome()
        bench.broker.say(.job(bench.job("hang")))
        try await bench.broker.hear { if case .started = $0 { true } else { nil } }
        bench.broker.say(.bye(RPCStatus(.unavailable, "taken for stuck")))
        guard case .dismissed(let status) = await bench.ended.value else {
            Issue.record("the worker went on")
            return
        }
        #expect(status.code == .internal)
        bench.controls.release()
        bench.broker.stop()
    }

    @Test func aBrokerThatSendsAwayIsObeyed() async throws {
        let bench = Bench()
        try await bench.broker.welcome()
        bench.broker.say(.bye(RPCStatus(.failedPrecondition, "wrong version")))
        guard case .dismissed(let status) = await bench.ended.value else {
            Issue.record("the worker went on")
            return
        }
        #expect(status.message == "wrong version")
        bench.broker.stop()
    }

    @Test func anEngineThatDoesNotStartIsAnError() async throws {
        let bench = Bench(failing: true)
        guard case .engine = await bench.ended.value else {
            Issue.record("the worker started without an engine")
            return
        }
        bench.broker.stop()
    }
}
