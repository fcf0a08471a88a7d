// SPDX-License-Identifier: MIT
import Grounding
import Inference
import Logging
import Messaging
import Observability
import TestSupport
import Testing
import Wire
import Worker

/// What a worker counts.
@Suite(.timeLimit(.minutes(2)))
struct WorkerMetricsTests {
    private func start(_ broker: ScriptedBroker) -> WorkerLoop {
        let configuration = WorkerConfiguration(
            endpoints: [broker.endpoint], name: "bench", pid: 7, version: "0.1", slots: 1, credits: 4,
            helloInterval: .milliseconds(100))
        let logger = Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() }
        let worker = WorkerLoop(configuration, logger: logger) { FakeRunner(controls: FakeRunner.Controls()) }
        _ = DedicatedThread(name: "worker") { try? worker.run() }
        return worker
    }

    private func report(_ worker: WorkerLoop, wanted: Bool = true) async -> ServiceReport {
        await withCheckedContinuation { continuation in
            worker.report(ServiceQuestion(wantsMetrics: wanted) { continuation.resume(returning: $0) })
        }
    }

    private func job(_ call: String, _ question: String) -> Job {
        Job(
            dispatch: Dispatch(call: call, attempt: 1), id: call, method: Method.ask.rawValue,
            remainingMilliseconds: 60_000, body: Array(#"{"question":"\#(question)"}"#.utf8), image: [1])
    }

    @Test func isReadyOnceItIsInSession() async throws {
        let broker = ScriptedBroker()
        defer { broker.stop() }
        let worker = start(broker)
        defer { worker.stop() }
        let early = await report(worker)
        #expect(!early.isReady && early.metrics.value(.workerBrokers, "waiting") == 1)
        try await broker.welcome()
        while await !report(worker, wanted: false).isReady { try await Task.sleep(for: .milliseconds(5)) }
        #expect(await report(worker).metrics.value(.workerBrokers, "joined") == 1)
    }

    @Test func exportsTheWholeTableAndCountsJobs() async throws {
        let broker = ScriptedBroker()
        defer { broker.stop() }
        let worker = start(broker)
        defer { worker.stop() }
        try await broker.welcome()
        for (call, question) in [("a", "answer"), ("b", "fail"), ("c", "answer")] {
            broker.say(.job(job(call, question)))
            _ = try await broker.hearResult()
        }
        let snapshot = await report(worker).metrics
        #expect(snapshot.metrics == Metric.allCases.filter { $0.row.roles.contains(.worker) })
        #expect(snapshot.value(.workerJobs, "OK") == 2 && snapshot.value(.workerJobs, "DATA_LOSS") == 1)
        #expect(snapshot.value(.buildInfo, "0.1", "worker") == 1)
    }

    @Test func engineAndTimingBecomeSeries() {
        let figures = WorkerFigures()
        figures.took(Timing(decodeImage: 4, vision: 0, prefill: 20, generate: 300))
        figures.took(Timing(generate: 700))
        let snapshot = figures.snapshot(brokers: [:], version: "0.1")
        #expect(snapshot.value(.workerStageDuration, "decode_image") == 1)
        #expect(snapshot.value(.workerStageDuration, "vision") == nil, "a stage that no job had")
        #expect(snapshot.value(.workerStageDuration, "generate") == 2)
        #expect(Exposition.text(snapshot).contains(#"_seconds_sum{stage="generate"} 1"#), "seconds, not milliseconds")
    }

    @Test(.enabled(if: Promtool.isInstalled, "promtool is not here: dev/setup.sh"))
    func prometheusReadsIt() throws {
        let figures = WorkerFigures()
        figures.ended(.ok)
        figures.took(Timing(decodeImage: 4, vision: 1, prefill: 20, generate: 300))
        let text = Exposition.text(figures.snapshot(brokers: ["joined": 1], version: "0.1"))
        let judgement = try Promtool.run(["check", "metrics"], input: text)
        #expect(judgement.status == 0 && judgement.output.isEmpty, "\(judgement.output)")
    }
}
