// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Observability
import Synchronization
import TestSupport
import Testing
import Wire

/// What a broker counts, against what was done to it.
@Suite("Broker on loopback: metrics", .serialized, .timeLimit(.minutes(2)))
struct BrokerMetricsTests {
    private let context = Context()

    /// Asks the loop as a monitor does.
    private func metrics(_ broker: BrokerServer, wanted: Bool = true) async -> ServiceReport {
        await withCheckedContinuation { continuation in
            broker.report(ServiceQuestion(wantsMetrics: wanted) { continuation.resume(returning: $0) })
        }
    }

    @Test("every metric of the table that is a broker's is exported, and no other; promtool has nothing against it")
    func complete() async throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let snapshot = await metrics(broker).metrics
        #expect(snapshot.metrics == Metric.allCases.filter { $0.row.roles.contains(.broker) })
        #expect(snapshot.value(.buildInfo, "test", "broker") == 1)
    }

    @Test("Prometheus's own tool reads it", .enabled(if: Promtool.isInstalled, "promtool is not here: dev/setup.sh"))
    func judged() async throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("1")
        try worker.answer(try worker.job())
        _ = try client.response()
        let text = Exposition.text(await metrics(broker).metrics)
        let judgement = try Promtool.run(["check", "metrics"], input: text)
        #expect(judgement.status == 0 && judgement.output.isEmpty, "\(judgement.output)")
        let spoilt = try Promtool.run(["check", "metrics"], input: text + "boxwood_calls_open{a=\"b} 1\n")
        #expect(spoilt.status != 0)
    }

    @Test("readiness is a worker that takes calls, and nobody pays for metrics that he did not ask for")
    func readiness() async throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        #expect(await !metrics(broker, wanted: false).isReady)
        let worker = try RawWorker(context, broker, "a")
        let report = await metrics(broker, wanted: false)
        #expect(report.isReady && report.metrics.metrics.isEmpty)
        try worker.say(.drain(returned: []))
        let client = try RawClient(context, broker)
        try client.wait { $0.workers.first?.state == "draining" }
        let draining = await metrics(broker)
        #expect(!draining.isReady && draining.metrics.value(.workers, "draining") == 1)
    }

    @Test("an answer, a refusal, a cancellation and a client that is gone are counted as what they are")
    func calls() async throws {
        let broker = try BrokerServer.onLoopback(context) { $0.queueCalls = 2 }
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.detect("answered")
        try worker.answer(try worker.job())
        _ = try client.response()
        try client.detect("runs")
        let running = try worker.job()
        try client.detect("waits")
        try client.detect("waits-too")
        try client.detect("refused")
        #expect(try client.response().status.reason == .queueFull)
        let full = await metrics(broker).metrics
        #expect(full.value(.queueCalls, "no_room") == 2 && full.value(.queueCalls, "no_worker") == 0)
        #expect(full.value(.workRunning) == 1 && full.value(.callsOpen) == 3)
        #expect(full.value(.workers, "busy") == 1)
        try client.cancel("waits")
        _ = try client.response()
        try abandon(broker)
        try client.wait { $0.counters["calls_cancelled_total"] == 2 }
        try worker.answer(running)
        _ = try client.response()

        let end = await metrics(broker).metrics
        let detect = "Grounding/Detect"
        #expect(end.value(.calls, detect, "OK") == 2)
        #expect(end.value(.calls, detect, "RESOURCE_EXHAUSTED") == 1)
        #expect(end.value(.calls, detect, "CANCELLED") == 2)
        #expect(end.value(.callsRefused, "queue_full") == 1 && end.value(.callsRefused, "no_time") == 0)
        #expect(end.value(.cancellations, "client") == 1 && end.value(.cancellations, "vanished") == 1)
        #expect(end.value(.callDuration, detect) == 4, "all that ended but the refused one")
        #expect(end.value(.queueDuration) == 3 && end.value(.deadlineSlack) == 2)
        #expect(end.value(.attempts) == 3)
        #expect(end.value(.connections, "client") == 1 && end.value(.connections, "worker") == 1)
    }

    /// In the place of the call that was cancelled; gone before it is answered.
    private func abandon(_ broker: BrokerServer) throws {
        let client = try RawClient(context, broker)
        try client.detect("abandoned")
        try client.wait { $0.queue.waiting == 2 }
    }

    @Test("attempts, and why there was another, and what came too late")
    func redelivery() async throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let first = try RawWorker(context, broker, "a")
        try client.detect("1")
        let lost = try first.job()
        try first.say(.started(lost.dispatch))
        try client.wait { $0.workers.count == 1 }
        // The same process says HELLO anew: its former session is over, and the job begins again at it.
        let again = try RawWorker(context, broker, "a")
        let job = try again.job()
        #expect(job.dispatch.attempt == 2)
        let alone = await metrics(broker).metrics
        #expect(alone.value(.redeliveries, "replaced") == 1 && alone.value(.workersLost, "replaced") == 1)
        try again.say(.drain(returned: [job.dispatch]))
        let other = try RawWorker(context, broker, "b")
        try other.answer(try other.job())
        #expect(try client.response().attempts == 3)
        try other.answer(job)
        try client.wait { $0.counters["messages_late_total"] == 1 }
        let end = await metrics(broker).metrics
        #expect(end.value(.redeliveries, "returned") == 1 && end.value(.attempts) == 3)
        #expect(end.value(.lateResults) == 1 && end.value(.calls, "Grounding/Detect", "OK") == 1)
        #expect(end.value(.queueDuration) == 1, "of the first attempt alone")
    }

    @Test("messages that are none are counted by what is wrong with them")
    func malformed() async throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.peer.say([Array("HELO".utf8), [1], []])
        var frames = ClientMessage.cancel(id: "x", reason: "").frames(.json)
        frames[2] = Array("{".utf8)
        try client.peer.say(frames)
        try client.ask("x", .healthCheck)
        _ = try client.response()
        let unknown = CallRequest(id: "u", method: "/made.up/By\u{7E}Somebody", encoding: .json, body: [])
        try client.peer.say(ClientMessage.request(unknown).frames(.json))
        _ = try client.response()
        try client.wait { ($0.counters["unknown_methods_total"] ?? 0) == 1 }
        let snapshot = await metrics(broker).metrics
        #expect(snapshot.value(.malformedMessages, "stranger") == 1)
        #expect(snapshot.value(.malformedMessages, "header") == 1)
        #expect(snapshot.value(.malformedMessages, "unknown_method") == 1)
        #expect(snapshot.value(.malformedMessages, "unexpected") == 0)
        #expect(snapshot.value(.calls, "other", "UNIMPLEMENTED") == 1)
        #expect(snapshot.value(.calls, "Health/Check", "OK") == 1)
        #expect(!Exposition.text(snapshot).contains("made.up"), "no word of a client in a label")
    }

    @Test("everything that the broker names is in the table of labels")
    func labels() {
        #expect(Set(Method.allCases.map(\.label)).isSubset(of: MetricLabels.methods))
        #expect(StatusCode.allCases.map(\.name) == MetricLabels.codes)
        #expect(Set(WorkerLoss.allCases.map(\.rawValue)).isSubset(of: MetricLabels.redeliveries))
        #expect(Scheduler.WorkerStanding.allCases.map(\.rawValue) == MetricLabels.workerStates)
        #expect(Scheduler.WaitReason.allCases.map(\.rawValue) == MetricLabels.waits)
        #expect(Set(PeerRole.allCases.map(\.rawValue)).isSubset(of: MetricLabels.roles))
        let endings: [CallEnding] = [
            .noWorker(retryAfter: .zero), .queueFull(retryAfter: .zero), .noTime(retryAfter: .zero),
            .tooLarge(.bytes, limit: 0), .draining, .keyReused,
        ]
        #expect(endings.compactMap(\.refusal) == MetricLabels.refusals)
    }
}
