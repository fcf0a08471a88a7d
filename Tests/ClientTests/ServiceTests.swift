// SPDX-License-Identifier: MIT
import Broker
import Client
import Foundation
import Grounding
import Inference
import Logging
import Messaging
import Synchronization
import Testing
import Wire
import Worker

/// Client, broker and workers together, on real sockets, with engines that only pretend.
@Suite(.timeLimit(.minutes(2)))
struct ServiceTests {
    /// What a pretended engine does with a question.
    final class Behaviour: Sendable {
        /// Set to let jobs called "hang" end.
        let isReleased = Atomic<Bool>(false)
        let entered = Atomic<Int>(0)
        let cancelled = Atomic<Int>(0)
        let done = Mutex<[String: Int]>([:])

        /// How often jobs with that id were run to their end.
        func ends(of id: String) -> Int { done.withLock { $0[id] ?? 0 } }
    }

    private final class Runner: JobRunner {
        private let behaviour: Behaviour
        private var told: [JobNews] = []
        private let ticks = Ticks()
        private var jobs: [RunnerJob] = []
        var model: ModelIdentity { ModelIdentity(name: "pretence", revision: "0", precision: "f32") }
        var imageLimits: WireImageLimits { WireImageLimits() }
        var progress: @Sendable () -> UInt64 { { [ticks] in ticks.value.load(ordering: .relaxed) } }

        private final class Ticks: Sendable {
            let value = Atomic<UInt64>(0)
        }

        init(_ behaviour: Behaviour) {
            self.behaviour = behaviour
        }

        func start(_ job: RunnerJob) {
            behaviour.entered.wrappingAdd(1, ordering: .relaxed)
            jobs.append(job)
        }

        func news() -> [JobNews] {
            defer { told = [] }
            return told
        }

        /// `count` finds one thing more with every slice, ten in all.
        private func count(_ job: RunnerJob) -> Result<GroundingResult, RPCStatus>? {
            let number = counts[job.dispatch, default: 0] + 1
            counts[job.dispatch] = number
            let caption = (0..<number).map { "\($0)" }.joined()
            let entities = (0..<number).map { index in
                Entity(phrase: "\(index)", span: index..<index + 1, source: .model, boxes: [])
            }
            guard number == 10 else {
                if job.streams { told.append(JobNews(job: job.dispatch, caption: caption, entities: entities)) }
                return nil
            }
            return .success(
                GroundingResult(
                    id: job.id, task: .ask, model: model,
                    image: ImageDescription(width: 1, height: 1, sha256: "", orientation: 1), caption: caption + ".",
                    entities: entities, text: "", finishReason: .stop))
        }

        private var counts: [Dispatch: Int] = [:]

        func advance() -> [(job: Dispatch, outcome: Result<GroundingResult, RPCStatus>)] {
            let ended = jobs.compactMap { job in outcome(job).map { (job: job.dispatch, outcome: $0) } }
            jobs.removeAll { job in ended.contains { $0.job == job.dispatch } }
            return ended
        }

        /// `work` makes progress until it is cancelled, `hang` makes none until it is released.
        private func outcome(_ job: RunnerJob) -> Result<GroundingResult, RPCStatus>? {
            guard case .ask(let question, _) = job.request.task else {
                return .failure(RPCStatus(.invalidArgument, "not asked"))
            }
            while question == "hang" && !behaviour.isReleased.load(ordering: .relaxed) && !job.cancellation.isCancelled
            {
                Thread.sleep(forTimeInterval: 0.001)
            }
            if job.cancellation.isCancelled {
                behaviour.cancelled.wrappingAdd(1, ordering: .relaxed)
                return .failure(RPCStatus(.cancelled, "stopped"))
            }
            guard question != "count" else { return count(job) }
            guard question != "work" else {
                ticks.value.wrappingAdd(1, ordering: .relaxed)
                Thread.sleep(forTimeInterval: 0.001)
                return nil
            }
            behaviour.done.withLock { $0[question, default: 0] += 1 }
            return .success(
                GroundingResult(
                    id: job.id, task: .ask, model: model,
                    image: ImageDescription(width: 1, height: 1, sha256: "", orientation: 1), caption: question,
                    entities: [], text: "", finishReason: .stop))
        }
    }

    private static let quiet: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()

    private func broker(
        front: String = "tcp://127.0.0.1:*", back: String = "tcp://127.0.0.1:*", stallLimit: Duration = .seconds(60)
    ) throws -> BrokerServer {
        let terms = SchedulerConfiguration(
            beatInterval: .milliseconds(100), liveness: 100, stallLimit: stallLimit, noWorkerPatience: .seconds(30))
        return try BrokerServer(BrokerConfiguration(front: front, back: back, scheduler: terms), logger: Self.quiet)
    }

    /// libzmq gives a port back a moment after its socket is closed.
    private func restarted(front: String, back: String) async throws -> BrokerServer {
        for _ in 0..<1000 {
            do throws(MessagingError) {
                return try BrokerServer(BrokerConfiguration(front: front, back: back), logger: Self.quiet)
            } catch {
                guard error.code == .addressInUse else { throw error }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TooLate()
    }

    private func worker(at endpoints: String..., behaving behaviour: Behaviour) -> WorkerLoop {
        let configuration = WorkerConfiguration(
            endpoints: endpoints, name: "pretender", pid: 1, version: "0", helloInterval: .milliseconds(100))
        let worker = WorkerLoop(configuration, logger: Self.quiet) {
            Runner(behaviour)
        }
        _ = DedicatedThread(name: "worker") { try? worker.run() }
        return worker
    }

    private func client(_ broker: BrokerServer) throws -> BoxwoodClient {
        try BoxwoodClient(
            ClientConfiguration(
                endpoint: broker.front.description, connectTimeout: .seconds(30), timeout: .seconds(60),
                retry: .never))
    }

    private struct TooLate: Error {}

    private func eventually(_ holds: () -> Bool) async throws {
        for _ in 0..<6000 {
            if holds() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TooLate()
    }

    private func code(_ body: () async throws -> Void) async -> StatusCode? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? RPCStatus)?.code
        }
    }

    @Test("A stream tells all, however much its reader lets wait", arguments: [1, 2, 64, 1024] as [UInt32])
    func stream(window: UInt32) async throws {
        let broker = try broker()
        defer { broker.stop() }
        let worker = worker(at: broker.back.description, behaving: Behaviour())
        defer { worker.stop() }
        let client = try client(broker)
        defer { client.close() }
        let stream = client.stream(.ask(question: "count", grounded: true), image: [1], window: window)
        var events: [GroundingEvent] = []
        var result: GroundingResult?
        for try await element in stream {
            #expect(result == nil)
            switch element {
            case .event(let event): events.append(event)
            case .result(let last): result = last
            }
        }
        #expect(events.compactMap(\.entity) == result?.entities && events.count == 11)
        #expect(events.map(\.caption).joined() == "0123456789." && result?.caption == "0123456789.")
    }

    @Test func whoeverLetsGoOfAStreamCancelsItsCall() async throws {
        let broker = try broker()
        defer { broker.stop() }
        let behaviour = Behaviour()
        let worker = worker(at: broker.back.description, behaving: behaviour)
        defer { worker.stop() }
        let client = try client(broker)
        defer { client.close() }
        let reader = Task {
            for try await _ in client.stream(.ask(question: "work", grounded: true), image: [1]) {}
        }
        try await eventually { behaviour.entered.load(ordering: .relaxed) == 1 }
        reader.cancel()
        _ = await reader.result
        try await eventually { behaviour.cancelled.load(ordering: .relaxed) == 1 }
    }

    @Test func aStreamThatFailsThrowsItsStatus() async throws {
        let broker = try broker()
        defer { broker.stop() }
        let worker = worker(at: broker.back.description, behaving: Behaviour())
        defer { worker.stop() }
        let client = try client(broker)
        defer { client.close() }
        await #expect(throws: RPCStatus.self) {
            for try await _ in client.stream(.caption(detail: .brief, grounded: true), image: [1]) {}
        }
    }

    @Test func aWorkerServesTwoBrokersAtATime() async throws {
        let (left, right) = (try broker(), try broker())
        let behaviour = Behaviour()
        let worker = worker(at: left.back.description, right.back.description, behaving: behaviour)
        let clients = [try client(left), try client(right)]
        // More than it holds of each, at the same time.
        let captions = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<60 {
                group.addTask { try await clients[number % 2].ask(image: [1], question: "\(number)").caption }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(captions == Set((0..<60).map { "\($0)" }))
        #expect((0..<60).allSatisfy { behaviour.ends(of: "\($0)") == 1 })
        for client in clients {
            let status = try await client.status()
            #expect(status.workers.map(\.name) == ["pretender"] && status.counters["workers_lost_total"] == 0)
        }
        left.stop()
        #expect(try await clients[1].ask(image: [1], question: "after").caption == "after")
        worker.stop()
        right.stop()
    }

    @Test func aCallGoesThroughAllThree() async throws {
        let broker = try broker()
        let worker = worker(at: broker.back.description, behaving: Behaviour())
        let client = try client(broker)
        let result = try await client.ask(image: [1], question: "who?")
        #expect(result.caption == "who?" && result.attempts == 1 && result.model.name == "pretence")
        #expect(try await client.health(service: Method.groundingService) == .serving)
        #expect(try await client.status().workers.map(\.name) == ["pretender"])
        #expect(try await client.describe().models.map(\.name) == ["pretence"])
        #expect(await code { _ = try await client.detect(image: [1], labels: []) } == .invalidArgument)
        #expect(await code { _ = try await client.call("/a/b", body: []) } == .unimplemented)
        worker.stop()
        broker.stop()
    }

    @Test func aCancellationReachesTheEngine() async throws {
        let broker = try broker()
        let behaviour = Behaviour()
        let worker = worker(at: broker.back.description, behaving: behaviour)
        let client = try client(broker)
        let call = Task { try await client.ask(image: [1], question: "work") }
        try await eventually { behaviour.entered.load(ordering: .relaxed) == 1 }
        call.cancel()
        #expect(await code { _ = try await call.value } == .cancelled)
        // The worker's only credit comes back with the end of the cancelled job.
        #expect(try await client.ask(image: [1], question: "next").caption == "next")
        #expect(behaviour.cancelled.load(ordering: .relaxed) == 1)
        worker.stop()
        broker.stop()
    }

    @Test func aDeadlineReachesTheEngine() async throws {
        let broker = try broker()
        let behaviour = Behaviour()
        let worker = worker(at: broker.back.description, behaving: behaviour)
        let client = try client(broker)
        #expect(await code { _ = try await client.ask(image: [1], question: "warm up") } == nil)
        let ended = await code {
            _ = try await client.ask(image: [1], question: "work", timeout: .milliseconds(300))
        }
        #expect(ended == .deadlineExceeded)
        #expect(try await client.ask(image: [1], question: "next").caption == "next")
        #expect(behaviour.cancelled.load(ordering: .relaxed) == 1)
        worker.stop()
        broker.stop()
    }

    /// A worker whose engine hangs loses its call to another one, inside the same deadline.
    @Test func aHungWorkersCallIsFinishedByAnother() async throws {
        let broker = try broker(stallLimit: .milliseconds(300))
        let hung = Behaviour()
        let first = worker(at: broker.back.description, behaving: hung)
        let client = try client(broker)
        #expect(try await client.ask(image: [1], question: "warm up").attempts == 1)
        let call = Task { try await client.ask(image: [1], question: "hang") }
        try await eventually { hung.entered.load(ordering: .relaxed) >= 2 }
        let willing = Behaviour()
        willing.isReleased.store(true, ordering: .relaxed)
        let second = worker(at: broker.back.description, behaving: willing)
        // The hung worker may be back, and try again, before the other one has come.
        #expect(try await call.value.attempts >= 2)
        #expect(willing.ends(of: "hang") == 1 && hung.ends(of: "hang") == 0)
        for worker in [first, second] { worker.stop() }
        broker.stop()
    }

    @Test func workersComeBackToARestartedBroker() async throws {
        let old = try broker()
        let (front, back) = (old.front.description, old.back.description)
        let worker = worker(at: back, behaving: Behaviour())
        let client = try client(old)
        #expect(try await client.ask(image: [1], question: "before").caption == "before")
        old.stop()
        let new = try await restarted(front: front, back: back)
        // What was sent into a connection that was just dying is lost, and ends by its deadline.
        var answer: GroundingResult?
        for _ in 0..<20 where answer == nil {
            answer = try? await client.ask(image: [1], question: "after", timeout: .seconds(2))
        }
        #expect(answer?.caption == "after")
        worker.stop()
        new.stop()
    }

    /// Workers come and go in good order while calls flow: each call is answered, and run once.
    @Test func calmChangesOfWorkersLoseNothing() async throws {
        let broker = try broker()
        let behaviour = Behaviour()
        let client = try client(broker)
        let count = 300
        let churn = Task {
            var workers = [worker(at: broker.back.description, behaving: behaviour)]
            while !Task.isCancelled {
                workers.append(worker(at: broker.back.description, behaving: behaviour))
                try? await Task.sleep(for: .milliseconds(30))
                workers.removeFirst().stop()
            }
            return workers
        }
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<count {
                group.addTask { try await client.ask(image: [1], question: "q\(number)").caption }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        churn.cancel()
        #expect(answers.count == count)
        #expect((0..<count).allSatisfy { behaviour.ends(of: "q\($0)") == 1 })
        for worker in await churn.value { worker.stop() }
        broker.stop()
    }
}
