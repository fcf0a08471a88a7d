// SPDX-License-Identifier: MIT
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

/// Real brokers that are killed while they work: nothing that was acknowledged is lost, nothing that was settled is repeated.
@Suite(.enabled(if: BuiltProgram.exists, "the program is not built"), .timeLimit(.minutes(5)))
struct JournalKillTests {
    /// What happened to the numbered questions.
    private final class Book: Sendable {
        private let counts = Mutex<[String: Int]>([:])
        private let ids = Mutex<[String: String]>([:])

        /// How often each was run.
        var runs: [String: Int] { counts.withLock { $0 } }
        /// The questions of the jobs that a broker took on, by their ids.
        var acknowledged: [String: String] { ids.withLock { $0 } }

        func noteRun(of text: String) { counts.withLock { $0[text, default: 0] += 1 } }
        func noteAcknowledged(_ id: String, _ text: String) { ids.withLock { $0[id] = text } }
    }

    /// An engine that repeats what it is asked.
    private final class Echo: JobRunner {
        private let book: Book
        private var jobs: [RunnerJob] = []
        var model: ModelIdentity { ModelIdentity(name: "echo", revision: "0", precision: "f32") }
        var imageLimits: WireImageLimits { WireImageLimits() }
        var progress: @Sendable () -> UInt64 { { 0 } }

        init(_ book: Book) { self.book = book }

        func start(_ job: RunnerJob) { jobs.append(job) }

        func advance() -> [(job: Wire.Dispatch, outcome: Result<GroundingResult, RPCStatus>)] {
            defer { jobs = [] }
            return jobs.map { job in
                guard case .ask(let question, _) = job.request.task else {
                    return (job: job.dispatch, outcome: .failure(RPCStatus(.invalidArgument, "not asked")))
                }
                book.noteRun(of: question)
                return (
                    job: job.dispatch,
                    outcome: .success(
                        GroundingResult(
                            id: job.id, task: .ask, model: model,
                            image: ImageDescription(width: 1, height: 1, sha256: "", orientation: 1), caption: question,
                            entities: [], text: "", finishReason: .stop))
                )
            }
        }
    }

    private let samples: Samples
    /// How many brokers are killed.
    private static let rounds = ProcessInfo.processInfo.environment["BOXWOOD_KILL_ROUNDS"].flatMap { Int($0) } ?? 12

    init() throws { samples = try Samples() }

    private func broker(_ journal: String, _ front: String, _ back: String) async throws -> RunningProgram {
        for _ in 0..<200 {
            let program = try RunningProgram([
                "broker", "--journal", journal, "--reserve-mb", "0", "--client-endpoint", front, "--worker-endpoint",
                back,
            ])
            let listens = try await eventually { program.outputSoFar.contains("worker ") || !program.isRunning }
            if listens, program.isRunning { return program }
            let outcome = await program.end()
            // An address may be taken for a moment after its owner was killed; nothing else may go wrong.
            try #require(outcome.errors.contains("in use"), "\(outcome.errors)")
            try await Task.sleep(for: .milliseconds(20))
        }
        throw RPCStatus(.unavailable, "the broker does not come back")
    }

    /// Submits one job after another until the broker is gone.
    private static func submit(to client: BoxwoodClient, named lane: String, _ book: Book) async {
        for index in 0..<10_000 {
            let text = "\(lane)-\(index)"
            let submission = JobSubmission(
                TaskRequest(.ask(question: text, grounded: false)), image: [1], customID: text)
            guard let job = try? await client.submit(submission) else { return }
            book.noteAcknowledged(job.id, text)
        }
    }

    /// What a broker says is done, as far as it gets to say it.
    private static func settled(at client: BoxwoodClient) async -> [String] {
        var query = ProtoListJobsRequest()
        query.states = [.succeeded]
        var texts: [String] = []
        while let page = try? await client.jobs(query) {
            texts += page.jobs.map(\.customID)
            guard !page.nextPage.isEmpty else { break }
            query.page = page.nextPage
        }
        return texts
    }

    @Test func nothingAcknowledgedIsLostAndNothingSettledIsRepeated() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kill-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (journal, front, back) = ("\(folder)/jobs.db", "ipc://\(folder)/front", "ipc://\(folder)/back")
        let book = Book()
        let worker = WorkerLoop(
            WorkerConfiguration(
                endpoints: [back], name: "echo", pid: 1, version: "0", slots: 8, helloInterval: .milliseconds(50)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { Echo(book) }
        _ = DedicatedThread(name: "worker") { try? worker.run() }
        defer { worker.stop() }
        var random = SystemRandomNumberGenerator()
        /// Jobs that a broker told to be settled, with how often they had run by then.
        var settled: [String: Int] = [:]
        for round in 0..<Self.rounds {
            let program = try await broker(journal, front, back)
            let client = try BoxwoodClient(
                ClientConfiguration(endpoint: front, connectTimeout: .seconds(5), timeout: .seconds(20), retry: .never))
            let submitters = (0..<4).map { lane in
                Task { await Self.submit(to: client, named: "\(round)-\(lane)", book) }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...500, using: &random)))
            for text in await Self.settled(at: client) { settled[text] = book.runs[text] ?? 0 }
            program.signal(SIGKILL)
            _ = await program.end()
            client.close()
            for task in submitters { await task.value }
        }
        let wanted = book.acknowledged
        #expect(wanted.count > 12 && settled.count > 12)
        let program = try await broker(journal, front, back)
        let client = try BoxwoodClient(ClientConfiguration(endpoint: front, timeout: .seconds(60)))
        var lost: [String] = []
        for (id, text) in wanted {
            let job = try await client.waitForJob(id, timeout: .seconds(60))
            if job.state != .succeeded || job.result.caption != text { lost.append("\(text) \(job.state.name)") }
        }
        #expect(lost == [])
        let runs = book.runs
        let repeated = settled.filter { runs[$0.key] != $0.value }
        #expect(repeated.isEmpty)
        client.close()
        program.signal(SIGTERM)
        #expect(await program.end().status == 0)
        let check = try await BuiltProgram.run(["jobs", "check", journal])
        #expect(check.status == 0, "\(check.errors)")
        let counts = "\(wanted.count) jobs acknowledged, \(settled.count) known settled, 0 lost"
        print("killed \(Self.rounds) brokers: \(counts)")
    }

    @Test func aSecondBrokerOnOneJournalDoesNotStart() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "two-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = "\(folder)/jobs.db"
        let first = try await broker(journal, "ipc://\(folder)/front", "ipc://\(folder)/back")
        let second = try await BuiltProgram.run([
            "broker", "--journal", journal, "--client-endpoint", "ipc://\(folder)/f2", "--worker-endpoint",
            "ipc://\(folder)/b2",
        ])
        #expect(second.status == 69 && second.errors.contains("another process has this journal"))
        first.signal(SIGTERM)
        #expect(await first.end().status == 0)
    }

    @Test func aDamagedJournalIsNamedAndItsRestExported() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "damage-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (journal, front) = ("\(folder)/jobs.db", "ipc://\(folder)/front")
        let program = try await broker(journal, front, "ipc://\(folder)/back")
        let picture = try samples.picture()
        var ids: [String] = []
        for index in 0..<3 {
            let submitted = try await BuiltProgram.run([
                "jobs", "submit", "detect", picture, "--label", "cat", "--custom-id", "find-\(index)", "--endpoint",
                front,
            ])
            ids.append(submitted.output.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        #expect(ids.allSatisfy { $0.hasPrefix("job-") } && Set(ids).count == 3)
        let list = try await BuiltProgram.run(["jobs", "list", "--json", "--endpoint", front])
        #expect((list.json["jobs"] as? [Any])?.count == 3)
        let cancelled = try await BuiltProgram.run(["jobs", "cancel", ids[0], "--json", "--endpoint", front])
        #expect(cancelled.json["state"] as? String == "CANCELLED")
        program.signal(SIGTERM)
        _ = await program.end()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: journal))
        // Everywhere: a page may also hold what a record was before.
        var from = bytes.startIndex
        while let found = bytes.range(of: Data("find-1".utf8), in: from..<bytes.endIndex) {
            bytes[found.lowerBound] ^= 1
            from = found.upperBound
        }
        #expect(from > bytes.startIndex)
        try bytes.write(to: URL(fileURLWithPath: journal))
        let refused = try await BuiltProgram.run([
            "broker", "--journal", journal, "--client-endpoint", front, "--worker-endpoint", "ipc://\(folder)/back",
        ])
        #expect(refused.status == 65 && refused.errors.contains(journal) && refused.errors.contains("damaged"))
        #expect(try await BuiltProgram.run(["jobs", "check", journal]).status == 65)
        let export = try await BuiltProgram.run(["jobs", "export", "--pictures", journal])
        #expect(export.status == 65)
        #expect(export.output.split(separator: "\n").count == 2 && export.output.contains("find-0"))
    }
}
