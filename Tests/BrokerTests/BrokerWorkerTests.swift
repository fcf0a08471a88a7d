// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Testing
import Wire

/// Workers that die, hang, come back and speak out of turn, on real sockets.
@Suite("Broker on loopback: workers", .serialized, .timeLimit(.minutes(2)))
struct BrokerWorkerTests {
    private let context = Context()

    @Test("a silent worker's call is done by another; what the lost one says later meets a WHO")
    func silent() throws {
        let broker = try BrokerServer.onLoopback(context) {
            $0.beatInterval = .milliseconds(500)
            $0.liveness = 3
        }
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let silent = try RawWorker(context, broker, "a")
        try client.detect("1")
        let lost = try silent.job()
        let goodbye = try silent.hear { if case .bye(let status) = $0 { status } else { nil } }
        #expect(goodbye.code == .unavailable)
        let other = try RawWorker(context, broker, "b")
        let job = try other.job()
        #expect(job.dispatch == Dispatch(call: lost.dispatch.call, attempt: 2))
        try silent.answer(lost, "late")
        try silent.hear { $0 == .who ? () : nil }
        try other.answer(job, "in time")
        let response = try client.response()
        #expect(response.body == Array("in time".utf8) && response.attempts == 2)
        let counters = try client.status().counters
        #expect(counters["worker_strangers_total"] == 1 && counters["jobs_redelivered_total"] == 1)
        #expect(counters["calls_finished_total"] == 1)
    }

    @Test("a worker whose connection is gone is missed long before its silence is")
    func disconnected() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.detect("1")
        try takeAndDie(broker)
        let other = try RawWorker(context, broker, "b")
        let job = try other.job()
        #expect(job.dispatch.attempt == 2)
        try other.answer(job)
        #expect(try client.response().attempts == 2)
    }

    private func takeAndDie(_ broker: BrokerServer) throws {
        _ = try RawWorker(context, broker, "a").job()
    }

    @Test("a worker that beats, busy and without progress, is stuck")
    func stuck() throws {
        let broker = try BrokerServer.onLoopback(context) { $0.stallLimit = .milliseconds(400) }
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("1")
        let lost = try worker.job()
        try worker.say(.started(lost.dispatch))
        try worker.say(.beat(WorkerBeat(progress: 5, jobs: [lost.dispatch], isBusy: true)))
        let goodbye = try worker.hear { if case .bye(let status) = $0 { status } else { nil } }
        #expect(goodbye.message.contains("stuck"))
        let other = try RawWorker(context, broker, "b")
        try other.answer(try other.job())
        #expect(try client.response().attempts == 2)
    }

    @Test("a call that cost three workers ends")
    func poison() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.detect("1")
        for number in 1...3 {
            let worker = try RawWorker(context, broker, "w\(number)")
            let job = try worker.job()
            #expect(job.dispatch.attempt == UInt32(number))
            try worker.say(.started(job.dispatch))
            try worker.say(.bye(RPCStatus(.internal, "crash")))
        }
        let response = try client.response()
        #expect(response.status.code == .dataLoss && response.status.reason == .poisonJob && response.attempts == 3)
    }

    @Test("an answer said twice, or to another call's attempt, counts once")
    func twice() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("1")
        let job = try worker.job()
        var foreign = job
        foreign.dispatch.attempt = 2
        try worker.answer(foreign, "wrong attempt")
        foreign.dispatch = Dispatch(call: "other-1", attempt: 1)
        try worker.answer(foreign, "another broker's call")
        try worker.answer(job, "right")
        try worker.answer(job, "again")
        #expect(try client.response().body == Array("right".utf8))
        try client.wait { $0.counters["messages_late_total"] == 2 }
        #expect(try client.status().counters["calls_finished_total"] == 1)
    }

    @Test("a worker's status that is not a worker's to say reaches the client as UNKNOWN")
    func foreignStatus() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("1")
        let job = try worker.job()
        try worker.say(.result(JobResult(dispatch: job.dispatch, status: RPCStatus(.unavailable, "tired"))))
        let status = try client.response().status
        #expect(status.code == .unknown && status.reason == .foreignStatus)
    }

    @Test("an answer over the limit ends its call with what is wrong, and gives the credit back")
    func answerTooLarge() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("1")
        let body = [UInt8](repeating: 0, count: WireLimits.responseBodyBytes + 1)
        try worker.say(.result(JobResult(dispatch: try worker.job().dispatch, status: .ok, body: body)))
        let refused = try client.response()
        #expect(refused.status.code == .resourceExhausted && refused.status.reason == .tooLarge)
        #expect(refused.status.reasonMetadata["limit_bytes"] == "\(WireLimits.responseBodyBytes)")
        try client.detect("2")
        try worker.answer(try worker.job(), "small")
        #expect(try client.response().body == Array("small".utf8))
    }

    @Test("a worker whose answer cannot be read is sent away, and its call goes to another", arguments: [3, 4])
    func illegibleAnswer(frames: Int) throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("1")
        _ = try worker.job()
        try worker.peer.say(Array([WireLimits.magic, Array("RESULT".utf8), [0xFF], []].prefix(frames)))
        let goodbye = try worker.hear { if case .bye(let status) = $0 { status } else { nil } }
        #expect(goodbye.code == .unavailable && goodbye.message.contains("RESULT"))
        let other = try RawWorker(context, broker, "b")
        try other.answer(try other.job())
        #expect(try client.response().attempts == 2)
    }

    @Test("a worker that never answers a cancelled job is sent away, however well it beats")
    func owesAnswer() throws {
        let broker = try BrokerServer.onLoopback(context) { $0.answerLimit = .milliseconds(300) }
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("1", timeout: 100)
        _ = try worker.job()
        try worker.say(.beat(WorkerBeat()))
        #expect(try client.response().status.code == .deadlineExceeded)
        let goodbye = try worker.hear { if case .bye(let status) = $0 { status } else { nil } }
        #expect(goodbye.message.contains("stuck"))
    }

    @Test("a worker that drains gets nothing new, and what it hands back goes elsewhere in order")
    func drains() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let leaving = try RawWorker(context, broker, "a", credits: 2)
        try client.detect("1")
        try client.detect("2")
        let (first, second) = (try leaving.job(), try leaving.job())
        try leaving.say(.drain(returned: [second.dispatch]))
        try client.wait { $0.workers.first?.state == "draining" && $0.queue.waiting == 1 }
        let other = try RawWorker(context, broker, "b")
        let job = try other.job()
        #expect(job.id == "2" && job.dispatch.attempt == 2)
        try leaving.answer(first, "first")
        try other.answer(job, "second")
        #expect(try client.response().body == Array("first".utf8))
        #expect(try client.response().body == Array("second".utf8))
    }

    @Test("a job that a leaving worker had begun and hands back goes to another, and nobody is blamed")
    func handsBackWhatItBegan() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.detect("1")
        for number in 1...4 {
            let worker = try RawWorker(context, broker, "w\(number)")
            let job = try worker.job()
            try worker.say(.started(job.dispatch))
            try worker.say(.drain(returned: [job.dispatch]))
            try worker.say(.bye(.ok))
        }
        let last = try RawWorker(context, broker, "last")
        try last.answer(try last.job())
        let response = try client.response()
        #expect(response.status.isOK && response.attempts == 5)
    }

    @Test("a process that says HELLO again begins anew, and its former session's job goes on")
    func again() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let before = try RawWorker(context, broker, "same")
        try client.detect("1")
        _ = try before.job()
        let after = try RawWorker(context, broker, "same")
        let job = try after.job()
        #expect(job.dispatch.attempt == 2)
        try after.answer(job)
        #expect(try client.response().status.isOK)
        #expect(try client.status().workers.count == 1)
    }
}
