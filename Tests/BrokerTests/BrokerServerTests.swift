// SPDX-License-Identifier: MIT

import Broker
import Grounding
import Logging
import Messaging
import Testing
import Wire

/// Calls through a broker on real sockets.
@Suite("Broker on loopback: calls", .serialized, .timeLimit(.minutes(2)))
struct BrokerServerTests {
    private let context = Context()

    @Test("a call reaches a worker as it was sent, and its answer comes back in kind", arguments: WireEncoding.allCases)
    func unary(encoding: WireEncoding) throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a", encoding: encoding)
        try client.detect("1", encoding: encoding, image: [1, 2, 3])
        let job = try worker.job()
        #expect(job.id == "1" && job.method == Method.detect.rawValue && job.image == [1, 2, 3])
        #expect(job.body == Array(#"{"labels":["cat"]}"#.utf8) && job.resultEncoding == encoding)
        #expect(job.dispatch.attempt == 1 && (1...600_000).contains(job.remainingMilliseconds))
        try worker.say(.started(job.dispatch))
        try worker.answer(job, "result")
        let frames = try client.peer.hear { $0 }
        #expect(WireEncoding(of: frames[2]) == encoding)
        guard case .response(let response) = try BrokerReply(frames: frames) else {
            Issue.record("no response")
            return
        }
        #expect(response.id == "1" && response.status.isOK && response.attempts == 1)
        #expect(response.body == Array("result".utf8))
    }

    @Test("a REQ socket's empty frame comes back in front of its answer")
    func delimiter() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let peer = try Peer(context, broker.front)
        let request = CallRequest(id: "1", method: Method.healthCheck.rawValue, body: [])
        try peer.say([[]] + ClientMessage.request(request).frames(.json))
        let frames = try peer.hear { $0 }
        #expect(frames.first == [])
        #expect(try BrokerReply(frames: Array(frames.dropFirst())).id == "1")
    }

    @Test("two clients may use the same id; each gets its own answer")
    func sameID() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let one = try RawClient(context, broker)
        let two = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a", credits: 2)
        try one.detect("x", image: [1])
        try two.detect("x", image: [2])
        for _ in 0..<2 {
            let job = try worker.job()
            try worker.answer(job, job.image == [1] ? "one" : "two")
        }
        #expect(try one.response().body == Array("one".utf8))
        #expect(try two.response().body == Array("two".utf8))
    }

    @Test("a request under an open id is a repetition: one job, one answer")
    func repetition() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a", credits: 2)
        try client.detect("x")
        try client.detect("x")
        try client.wait { $0.counters["requests_repeated_total"] == 1 }
        try worker.answer(try worker.job())
        #expect(try client.response().id == "x")
        #expect(try client.status().counters["jobs_dispatched_total"] == 1)
    }

    @Test("a repetition gets no answer of its own, also when it could not be taken")
    func brokenRepetition() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("x")
        let job = try worker.job()
        let large = [UInt8](repeating: 0, count: WireLimits.requestBodyBytes + 1)
        for request in [
            CallRequest(id: "x", method: "/foo.Bar/Baz", body: []), CallRequest(id: "x", method: "no path", body: []),
            CallRequest(id: "x", method: Method.detect.rawValue, body: large),
            CallRequest(id: "x", method: Method.healthCheck.rawValue, body: []),
        ] {
            try client.peer.say(ClientMessage.request(request).frames(.protobuf))
        }
        try client.ask("after", .healthCheck)
        #expect(try client.response().id == "after")
        try worker.answer(job, "the one answer")
        let response = try client.response()
        #expect(response.id == "x" && response.body == Array("the one answer".utf8))
        #expect(try client.status().counters["requests_repeated_total"] == 4)
        // The id is free again.
        try client.peer.say(
            ClientMessage.request(CallRequest(id: "x", method: "/foo.Bar/Baz", body: [])).frames(.protobuf))
        #expect(try client.response().status.reason == .unknownMethod)
    }

    @Test("a deadline ends a call that nobody took")
    func deadline() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.detect("1", timeout: 50)
        let response = try client.response()
        #expect(response.status.code == .deadlineExceeded && response.attempts == 0)
        try client.detect("2", timeout: 0)
        #expect(try client.response().status.code == .deadlineExceeded)
        #expect(try client.status().queue.bytes == 0)
    }

    @Test("a deadline stops the worker too; its late answer is dropped, its credit comes back")
    func deadlineAtWork() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("1", timeout: 300)
        let job = try worker.job()
        #expect(try client.response().status.code == .deadlineExceeded)
        #expect(try worker.hear { if case .cancel(let dispatch, _) = $0 { dispatch } else { nil } } == job.dispatch)
        try client.detect("2")
        try worker.answer(job, "late")
        try worker.answer(try worker.job(), "second")
        let response = try client.response()
        #expect(response.id == "2" && response.body == Array("second".utf8))
        #expect(try client.status().counters["messages_late_total"] == 1)
    }

    @Test("an address that is taken is an error each time, and never a thread that waits for ever")
    func taken() throws {
        let first = try BrokerServer.onLoopback(context)
        defer { first.stop() }
        for taken in [first.front, first.back] {
            for _ in 0..<30 {
                let configuration = try BrokerConfiguration(
                    front: "tcp://127.0.0.1:*", back: taken.description, version: "test")
                #expect(throws: MessagingError.self) {
                    try BrokerServer(
                        configuration, context: Context(),
                        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                }
            }
        }
    }

    @Test("a client that vanishes cancels what it had asked for, though nothing is sent to it")
    func vanished() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let worker = try RawWorker(context, broker, "a")
        let job = try askAndVanish(broker, worker)
        #expect(try worker.hear { if case .cancel(let dispatch, _) = $0 { dispatch } else { nil } } == job.dispatch)
        let other = try RawClient(context, broker)
        try other.wait { $0.counters["calls_cancelled_total"] == 1 && $0.queue.running == 0 }
    }

    private func askAndVanish(_ broker: BrokerServer, _ worker: borrowing RawWorker) throws -> Job {
        let client = try RawClient(context, broker)
        try client.detect("1")
        return try worker.job()
    }

    @Test("cancelling ends a call once, stops its worker, and is harmless when repeated")
    func cancel() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("1")
        let job = try worker.job()
        for _ in 0..<3 { try client.cancel("1") }
        try client.cancel("unknown")
        let response = try client.response()
        #expect(response.id == "1" && response.status.code == .cancelled)
        #expect(try worker.hear { if case .cancel(let dispatch, _) = $0 { dispatch } else { nil } } == job.dispatch)
        try worker.answer(job)
        try client.ask("next", .healthCheck)
        #expect(try client.response().id == "next", "nothing more came for the first")
    }

    @Test("a full queue refuses, says when to come back, and takes calls again when there is room")
    func queueFull() throws {
        let broker = try BrokerServer.onLoopback(context) { $0.queueCalls = 1 }
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.detect("1")
        try client.detect("2")
        let refused = try client.response()
        #expect(refused.id == "2" && refused.status.code == .resourceExhausted)
        #expect(refused.status.reason == .queueFull && (refused.status.retryDelayMilliseconds ?? 0) > 0)
        try client.cancel("1")
        #expect(try client.response().id == "1")
        try client.detect("3", timeout: 100)
        #expect(try client.response().status.code == .deadlineExceeded)
    }

    @Test("without a worker a call waits a while, then is told so")
    func noWorker() throws {
        let broker = try BrokerServer.onLoopback(context) { $0.noWorkerPatience = .milliseconds(100) }
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.detect("1")
        let status = try client.response().status
        #expect(status.code == .unavailable && status.reason == .noWorker)
        #expect(status.retryDelayMilliseconds == 100)
    }

    @Test("a client that leaves with calls open costs no worker its credit")
    func clientLeaves() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let worker = try RawWorker(context, broker, "a")
        let other = try RawClient(context, broker)
        let first = try leaveBehind(["1", "2", "3"], broker, worker, other)
        // The broker's side of the connection needs a moment to see the end of it. Should it not have, the test still
        // holds, but shows less.
        _ = try? worker.peer.hear(within: .milliseconds(200)) { _ in nil as Bool? }
        // The answer finds nobody, while the second call already has the worker's free place.
        try worker.answer(first)
        try other.detect("4")
        for _ in 0..<3 {
            let job = try worker.job()
            if job.id == "4" { return }
            try worker.answer(job)
        }
        Issue.record("more jobs than calls")
    }

    /// The job of the first call of a client that is gone when this returns.
    private func leaveBehind(
        _ ids: [String], _ broker: BrokerServer, _ worker: borrowing RawWorker, _ other: borrowing RawClient
    ) throws -> Job {
        let client = try RawClient(context, broker)
        for id in ids { try client.detect(id) }
        try other.wait { $0.queue.waiting == UInt32(ids.count - 1) }
        return try worker.job()
    }

    @Test("a draining broker refuses what is new, finishes what is here, and stops")
    func drain() throws {
        let broker = try BrokerServer.onLoopback(context)
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("1")
        let job = try worker.job()
        let drained = DedicatedThread(name: "drain") { broker.drain(patience: patience) }
        try client.wait { $0.draining }
        try client.detect("2")
        let refused = try client.response()
        #expect(refused.id == "2" && refused.status.code == .unavailable && refused.status.reason == .draining)
        try worker.answer(job, "done")
        #expect(try client.response().body == Array("done".utf8))
        drained.join()
        let status = try worker.hear { if case .bye(let status) = $0 { status } else { nil } }
        #expect(status.code == .unavailable)
    }

    @Test("a broker that stops answers what is open")
    func stop() throws {
        let broker = try BrokerServer.onLoopback(context)
        let client = try RawClient(context, broker)
        try client.detect("1")
        try client.wait { $0.queue.waiting == 1 }
        broker.stop()
        #expect(try client.response().status.code == .unavailable)
    }

    /// More answers at once than the socket queues for one peer.
    @Test("every call of a burst is answered, however many end at once")
    func burst() throws {
        let broker = try BrokerServer.onLoopback(context, peerHighWater: 2) {
            $0.queueCalls = 300
            $0.noWorkerPatience = .milliseconds(500)
        }
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        for number in 0..<400 { try client.detect("\(number)") }
        var answered: [String: StatusCode] = [:]
        while answered.count < 400 {
            let response = try client.response()
            #expect(answered.updateValue(response.status.code, forKey: response.id) == nil, "answered twice")
        }
        #expect(answered.values.count { $0 == .resourceExhausted } == 100)
        #expect(answered.values.count { $0 == .unavailable } == 300)
        #expect(try client.status().counters["answers_undeliverable_total"] == 0)
    }

    @Test("a broker that stops answers all that is open, however much that is")
    func stopBurst() throws {
        let broker = try BrokerServer.onLoopback(context, peerHighWater: 2)
        let client = try RawClient(context, broker)
        for number in 0..<300 { try client.detect("\(number)") }
        try client.wait { $0.queue.waiting == 300 }
        broker.stop()
        var answered: Set<String> = []
        while answered.count < 300 {
            let response = try client.response()
            #expect(response.status.reason == .draining)
            answered.insert(response.id)
        }
    }

    /// They come faster than the broker reads, so that most are unread when it is told to stop.
    @Test("what was sent before the broker stopped is refused, and not left without a word")
    func stopUnread() throws {
        let broker = try BrokerServer.onLoopback(context)
        let client = try RawClient(context, broker)
        try client.ask("first", .healthCheck)
        #expect(try client.response().status.isOK)
        for number in 0..<500 { try client.detect("\(number)") }
        broker.stop()
        var answered: Set<String> = []
        for _ in 0..<500 {
            let response = try client.response()
            #expect(response.status.reason == .draining)
            answered.insert(response.id)
        }
        #expect(answered.count == 500)
    }

    @Test("an address that other machines could reach is refused")
    func wide() {
        #expect(throws: MessagingError.self) { try BrokerConfiguration(front: "tcp://0.0.0.0:5540") }
        #expect(throws: MessagingError.self) { try BrokerConfiguration(back: "tcp://*:5541") }
    }
}
