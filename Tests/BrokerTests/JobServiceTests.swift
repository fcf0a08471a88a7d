// SPDX-License-Identifier: MIT

import Broker
import Foundation
import Grounding
import Journal
import Logging
import Messaging
import Testing
import Wire

/// Durable jobs through a broker on real sockets, with a journal in a real file.
@Suite("Broker on loopback: durable jobs", .serialized, .timeLimit(.minutes(2)))
struct JobServiceTests {
    private let context = Context()
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jobs-\(UUID().uuidString)").path

    private func withBroker(
        _ change: (inout JournalConfiguration) -> Void = { _ in }, _ body: (BrokerServer) throws -> Void
    ) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var configuration = JournalConfiguration(path: folder + "/jobs.db", reservedDiskBytes: 0)
        change(&configuration)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let keeper = try JournalKeeper(configuration, logger: logger)
        let terms = SchedulerConfiguration(
            beatInterval: .milliseconds(100), liveness: 10_000, noWorkerPatience: .seconds(600))
        let broker = try BrokerServer(
            BrokerConfiguration(front: "tcp://127.0.0.1:*", back: "tcp://127.0.0.1:*", scheduler: terms),
            journal: keeper, context: context, logger: logger)
        defer { broker.stop() }
        try body(broker)
    }

    private func removeFolder() { try? FileManager.default.removeItem(atPath: folder) }

    private func result(_ text: String) -> [UInt8] {
        GroundingResult(
            id: "", task: .ask, model: ModelIdentity(name: "m", revision: "r", precision: "f32"),
            image: ImageDescription(width: 1, height: 1, sha256: "", orientation: 1), caption: text, entities: [],
            text: "", finishReason: .stop
        ).body(.protobuf)
    }

    @Test("submitted, run, waited for; the answer in JSON has the one form of a result")
    func wholeWay() throws {
        defer { removeFolder() }
        try withBroker { broker in
            let client = try RawClient(context, broker)
            let worker = try RawWorker(context, broker, "a", credits: 2)
            let job = try client.submit("1", "who?", image: [5, 6])
            #expect(job.state == .queued && job.customID == "who?")
            try client.ask("w", .jobWait, body: #"{"id":"\#(job.id)"}"#)
            let work = try worker.job()
            #expect(work.id == job.id && work.method == Method.ask.rawValue && work.image == [5, 6])
            try worker.say(.started(work.dispatch))
            try worker.say(.result(JobResult(dispatch: work.dispatch, status: .ok, body: result("me"))))
            let response = try client.response()
            #expect(response.id == "w" && response.status.isOK)
            let text = String(decoding: response.body, as: UTF8.self)
            #expect(text.contains(#""state":"SUCCEEDED""#) && text.contains(#""entities":[]"#))
            #expect(try client.job("g", .jobGet, job.id).result.caption == "me")
        }
    }

    @Test(
        "without a journal every method says so",
        arguments: [Method.jobSubmit, .jobGet, .jobWait, .jobCancel, .jobList])
    func noJournal(method: Method) throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.ask("1", method)
        let status = try client.response().status
        #expect(status.code == .failedPrecondition && status.reason == .noJournal)
    }

    @Test("jobs of a broker that stops are run by the next one, settled ones are not")
    func nextBroker() throws {
        defer { removeFolder() }
        var ids: [String] = []
        try withBroker { broker in
            let client = try RawClient(context, broker)
            ids = try (0..<3).map { try client.submit("\($0)", "q\($0)").id }
            let worker = try RawWorker(context, broker, "a")
            let work = try worker.job()
            try worker.say(.result(JobResult(dispatch: work.dispatch, status: .ok, body: result("first"))))
            _ = try worker.job()
            #expect(try client.job("w", .jobWait, ids[0]).state == .succeeded)
        }
        try withBroker { broker in
            let client = try RawClient(context, broker)
            let worker = try RawWorker(context, broker, "b", credits: 4)
            var seen: Set<String> = []
            for _ in 0..<2 {
                let work = try worker.job()
                seen.insert(work.id)
                try worker.say(.result(JobResult(dispatch: work.dispatch, status: .ok, body: result("again"))))
            }
            #expect(seen == Set(ids.dropFirst()))
            for id in ids.dropFirst() { #expect(try client.job("w" + id, .jobWait, id).state == .succeeded) }
            #expect(try client.job("g", .jobGet, ids[0]).result.caption == "first")
        }
    }

    @Test("cancelling a job that runs stops its worker; its late answer changes nothing")
    func cancelRunning() throws {
        defer { removeFolder() }
        try withBroker { broker in
            let client = try RawClient(context, broker)
            let worker = try RawWorker(context, broker, "a")
            let id = try client.submit("1", "long").id
            let work = try worker.job()
            #expect(try client.job("c", .jobCancel, id).state == .cancelled)
            let stopped = try worker.hear { if case .cancel(let dispatch, _) = $0 { dispatch } else { nil } }
            #expect(stopped == work.dispatch)
            try worker.say(.result(JobResult(dispatch: work.dispatch, status: .ok, body: result("late"))))
            #expect(try client.job("g", .jobGet, id).state == .cancelled)
            #expect(try client.job("c2", .jobCancel, id).state == .cancelled)
        }
    }

    @Test("a job that fails, and one that costs its workers, end as what they are")
    func endings() throws {
        defer { removeFolder() }
        try withBroker { broker in
            let client = try RawClient(context, broker)
            let bad = try client.submit("1", "bad").id
            do {
                let worker = try RawWorker(context, broker, "a")
                let work = try worker.job()
                let status = RPCStatus(.invalidArgument, "no picture")
                try worker.say(.result(JobResult(dispatch: work.dispatch, status: status)))
                let job = try client.job("w", .jobWait, bad)
                #expect(job.state == .failed && RPCStatus(job.status).code == .invalidArgument)
                try worker.say(.bye(RPCStatus(.ok)))
            }
            let killer = try client.submit("2", "kills").id
            for attempt in 1...3 {
                let worker = try RawWorker(context, broker, "k\(attempt)")
                let work = try worker.job()
                #expect(work.dispatch.attempt == attempt)
                try worker.say(.started(work.dispatch))
                try worker.say(.bye(RPCStatus(.ok)))
            }
            let job = try client.job("w2", .jobWait, killer)
            #expect(job.state == .quarantined && RPCStatus(job.status).reason == .poisonJob && job.attempts == 3)
        }
    }

    @Test("what cannot be a job is refused with the fields that are wrong")
    func refusals() throws {
        defer { removeFolder() }
        try withBroker { broker in
            let client = try RawClient(context, broker)
            func fields(_ body: String, image: [UInt8]? = [1]) throws -> [String] {
                try client.say("x", .jobSubmit, Array(body.utf8), image: image)
                let status = try client.response().status
                #expect(status.code == .invalidArgument)
                return status.violations.map(\.field)
            }
            #expect(try fields(#"{"detect":{"labels":[]}}"#) == ["detect.labels"])
            #expect(try fields(#"{"detect":{"labels":["a"]}}"#, image: nil) == ["image"])
            #expect(try fields(#"{}"#) == ["task"])
            #expect(try fields(#"{"ask":{"question":"a"},"time_to_live_s":0}"#) == ["time_to_live_s"])
            let long = String(repeating: "x", count: WireLimits.jobTextBytes + 1)
            #expect(try fields(#"{"ask":{"question":"a"},"key":"\#(long)"}"#) == ["key"])
            try client.ask("g", .jobGet, body: #"{"id":"job-1-x"}"#)
            #expect(try client.response().status.code == .notFound)
        }
    }

    @Test("a call of Wait is answered with the state in time; a cancelled one ends")
    func waiting() throws {
        defer { removeFolder() }
        try withBroker { broker in
            let client = try RawClient(context, broker)
            let id = try client.submit("1", "nobody does it").id
            try client.say("w", .jobWait, Array(#"{"id":"\#(id)"}"#.utf8), timeout: 400)
            let response = try client.response()
            #expect(response.status.isOK)
            #expect(try WireEncoding.decodeResponse(ProtoDurableJob.self, from: response.body).state == .queued)
            try client.ask("w2", .jobWait, body: #"{"id":"\#(id)"}"#)
            try client.cancel("w2")
            #expect(try client.response().status.code == .cancelled)
        }
    }

    @Test("a full journal refuses jobs with a typed status; calls go on, and there is room again later")
    func full() throws {
        defer { removeFolder() }
        let small: (inout JournalConfiguration) -> Void = {
            $0.maxBytes = 1 << 20
            $0.keptSeconds = 0.001
        }
        try withBroker(small) { broker in
            let client = try RawClient(context, broker)
            let image = [UInt8](repeating: 3, count: 60_000)
            var taken = 0
            var refusal: RPCStatus?
            while refusal == nil, taken < 50 {
                try client.submitOnly("s\(taken)", "q\(taken)", image: image)
                let status = try client.response().status
                if status.isOK { taken += 1 } else { refusal = status }
            }
            #expect(refusal?.code == .resourceExhausted && refusal?.reason == .storageFull && taken > 5)
            #expect(refusal?.retryDelayMilliseconds != nil)
            let worker = try RawWorker(context, broker, "a", credits: 8)
            try client.detect("call")
            var answered = 0
            while answered < taken + 1 {
                let work = try worker.job()
                let body = work.id == "call" ? Array("{}".utf8) : result("x")
                try worker.say(.result(JobResult(dispatch: work.dispatch, status: .ok, body: body)))
                answered += 1
            }
            #expect(try client.response().id == "call")
            var isTaken = false
            let end = ContinuousClock.now + patience
            while !isTaken, ContinuousClock.now < end {
                try client.submitOnly("again", "again", image: image)
                isTaken = try client.response().status.isOK
            }
            #expect(isTaken)
        }
    }
}

extension RawClient {
    func say(
        _ id: String, _ method: Method, _ body: [UInt8], image: [UInt8]? = nil, timeout: UInt32 = 600_000
    ) throws {
        let request = CallRequest(
            id: id, method: method.rawValue, timeoutMilliseconds: timeout, encoding: .json, body: body, image: image)
        try peer.say(ClientMessage.request(request).frames(.json))
    }

    func submitOnly(_ id: String, _ text: String, image: [UInt8]) throws {
        let submission = JobSubmission(
            TaskRequest(.ask(question: text, grounded: false)), image: image, customID: text)
        try say(id, .jobSubmit, submission.requestBody(.json), image: image)
    }

    func submit(_ id: String, _ text: String, image: [UInt8] = [1]) throws -> ProtoDurableJob {
        try submitOnly(id, text, image: image)
        return try answeredJob()
    }

    func job(_ id: String, _ method: Method, _ job: String) throws -> ProtoDurableJob {
        try ask(id, method, body: #"{"id":"\#(job)"}"#)
        return try answeredJob()
    }

    private func answeredJob() throws -> ProtoDurableJob {
        let response = try response()
        guard response.status.isOK else { throw response.status }
        return try WireEncoding.decodeResponse(ProtoDurableJob.self, from: response.body)
    }
}
