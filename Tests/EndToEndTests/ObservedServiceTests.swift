// SPDX-License-Identifier: MIT
import CollectorSupport
import Foundation
import FoundationNetworking
import Observability
import TestSupport
import Testing

/// A whole service, looked at from outside while it answers one call.
@Suite(
    "A service that is watched", .serialized,
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"))
struct ObservedServiceTests {
    @Test("One call: its spans make one trace, its metrics agree, its log lines are JSON")
    func oneCall() async throws {
        let collector = try await FakeCollector()
        let caller = TraceContext.root()
        let samples = try Samples()
        let options = [
            "--metrics", "127.0.0.1:0", "--otlp", collector.url, "--log-format", "json", "--log-level", "debug",
        ]
        try await RunningService.use(workers: 1, options: options) { service in
            let outcome = try await service.run(
                ["caption", try samples.picture(), "--otlp", collector.url],
                environment: ["TRACEPARENT": caller.traceparent])
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            let isWhole = try await eventually {
                collector.spans.contains { $0.name == "job" } && collector.spans.contains { $0.kind == 2 }
            }
            #expect(isWhole, "\(collector.spans.map(\.name))")
            checkTrace(collector, caller)
            let isLogged = try await eventually {
                let log = service.program.errorsSoFar
                return log.hasSuffix("\n") && log.contains("call ended") && log.contains("job ended")
            }
            #expect(isLogged)
            let lines = try checkLog(service.program.errorsSoFar, caller)
            try await checkMetrics(lines)
        }
        #expect(collector.faults == [])
        await collector.stop()
    }

    private func checkTrace(_ collector: FakeCollector, _ caller: TraceContext) {
        let spans = collector.spans
        func one(_ name: String, _ service: String) -> FakeCollector.Seen? {
            let found = spans.filter { $0.name == name && $0.service == service }
            #expect(found.count == 1, "\(name) of \(service): \(found.count)")
            return found.first
        }
        #expect(spans.allSatisfy { $0.trace == caller.trace.text && $0.start <= $0.end })
        #expect(Set(spans.map(\.span)).count == spans.count, "every span has an id of its own")
        let client = one("Grounding/Caption", "boxwood-client")
        let call = one("Grounding/Caption", "boxwood-broker")
        let (queue, attempt) = (one("queue", "boxwood-broker"), one("attempt", "boxwood-broker"))
        let job = one("job", "boxwood-worker")
        #expect(caller.traceparent.contains(client?.parent ?? "none"))
        #expect(call?.parent == client?.span && call?.attributes["boxwood.code"] == "OK")
        #expect(queue?.parent == call?.span && attempt?.parent == call?.span && attempt?.links == [])
        #expect(job?.parent == attempt?.span && job?.attributes["boxwood.attempt"] == "1")
        for stage in ["decode_image", "vision", "prefill", "generate", "parse"] {
            #expect(one(stage, "boxwood-worker")?.parent == job?.span)
        }
    }

    /// - Returns: the lines, read.
    private func checkLog(_ text: String, _ caller: TraceContext) throws -> [[String: String]] {
        let lines = try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String], "\(line)")
        }
        for line in lines { #expect(line["time"] != nil && line["level"] != nil && line["message"] != nil) }
        let end = try #require(lines.first { $0["message"] == "call ended" })
        #expect(end["code"] == "OK" && end["attempts"] == "1" && end["method"] == "Grounding/Caption")
        #expect(end["trace"] == caller.trace.text && end["level"] == "debug")
        let dispatch = try #require(lines.first { $0["message"] == "dispatch" })
        #expect(dispatch["call"] == end["call"] && dispatch["attempt"] == "1" && dispatch["worker"] != nil)
        let job = try #require(lines.first { $0["message"] == "job ended" })
        #expect(job["call"] == end["call"] && job["attempt"] == "1" && job["code"] == "OK")
        return lines
    }

    private func checkMetrics(_ lines: [[String: String]]) async throws {
        let addresses = lines.filter { $0["message"] == "metrics" }.compactMap { $0["address"] }
        #expect(addresses.count == 2, "the broker's and the worker's")
        var text = ""
        for address in addresses {
            let url = try #require(URL(string: address))
            let (page, _) = try await URLSession.shared.data(from: url)
            if let path = Promtool.path {
                let judgement = try Promtool.run(["check", "metrics"], input: String(decoding: page, as: UTF8.self))
                #expect(judgement.status == 0 && judgement.output.isEmpty, "\(path): \(judgement.output)")
            }
            text += String(decoding: page, as: UTF8.self)
            let (_, answer) = try await URLSession.shared.data(
                from: url.deletingLastPathComponent().appending(path: "readyz"))
            #expect((answer as? HTTPURLResponse)?.statusCode == 200)
        }
        #expect(text.contains("\nboxwood_calls_total{method=\"Grounding/Caption\",code=\"OK\"} 1\n"))
        #expect(text.contains("\nboxwood_attempts_total 1\n"))
        #expect(text.contains("\nboxwood_worker_jobs_total{code=\"OK\"} 1\n"))
        #expect(text.contains("\nboxwood_worker_picture_cache_misses_total 1\n"))
        #expect(text.contains("\nboxwood_worker_brokers{state=\"joined\"} 1\n"))
        for stage in MetricLabels.stages {
            #expect(text.contains("\nboxwood_worker_stage_duration_seconds_count{stage=\"\(stage)\"} 1\n"))
        }
        #expect(!text.contains("\nboxwood_worker_generated_tokens_total 0\n"))
    }
}
