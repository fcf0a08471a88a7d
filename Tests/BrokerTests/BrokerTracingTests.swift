// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Observability
import Testing
import Wire

/// The spans that a broker records, and what it tells workers of a trace.
@Suite("Broker on loopback: traces", .serialized, .timeLimit(.minutes(2)))
struct BrokerTracingTests {
    private let context = Context()
    private let spans = SpanQueue()
    private let caller = TraceContext.root()

    private func detect(_ client: borrowing RawClient, _ id: String, _ traceparent: String, key: String = "") throws {
        let request = CallRequest(
            id: id, method: Method.detect.rawValue, timeoutMilliseconds: 600_000, idempotencyKey: key,
            traceparent: traceparent, body: Array(#"{"labels":["cat"]}"#.utf8), image: [7])
        try client.peer.say(ClientMessage.request(request).frames(.protobuf))
    }

    private func recorded() -> [Span] { spans.take(atMost: 1000) }

    @Test("a call, its waiting and its attempts are in its caller's trace; a second attempt names the first")
    func redelivery() throws {
        let broker = try BrokerServer.onLoopback(context, spans: spans)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let first = try RawWorker(context, broker, "a")
        try detect(client, "1", caller.traceparent)
        let lost = try first.job()
        try first.say(.started(lost.dispatch))
        let again = try RawWorker(context, broker, "a")
        let job = try again.job()
        try again.answer(job)
        _ = try client.response()
        let seen = recorded()
        #expect(seen.map(\.name) == ["queue", "attempt", "queue", "attempt", "Grounding/Detect"])
        #expect(seen.allSatisfy { $0.context.trace == caller.trace })
        let (attempts, call) = (seen.filter { $0.name == "attempt" }, seen[4])
        #expect(call.parent == caller.span && call.kind == .server && call.failure == nil)
        #expect(seen.dropLast().allSatisfy { $0.parent == call.context.span })
        #expect([lost.traceparent, job.traceparent] == attempts.map(\.context.traceparent))
        #expect(attempts.map(\.failure) == ["lost", nil])
        #expect(attempts[1].links == [attempts[0].context] && attempts[0].links.isEmpty)
        #expect(attempts[1].attributes["boxwood.attempt"] == .number(2))
        #expect(call.attributes["boxwood.attempts"] == .number(2))
    }

    @Test("a trace that nobody keeps goes through as it is, and so does any where spans go nowhere")
    func unsampled() throws {
        let quiet = TraceContext(trace: caller.trace, span: caller.span, isSampled: false).traceparent
        let cases: [(queue: SpanQueue?, traceparent: String)] = [(spans, quiet), (nil, caller.traceparent)]
        for (queue, traceparent) in cases {
            let broker = try BrokerServer.onLoopback(context, spans: queue)
            defer { broker.stop() }
            let client = try RawClient(context, broker)
            let worker = try RawWorker(context, broker, "a")
            try detect(client, "1", traceparent)
            let job = try worker.job()
            #expect(job.traceparent == traceparent)
            try worker.answer(job)
            _ = try client.response()
            #expect(recorded().isEmpty && spans.dropped == 0)
        }
    }

    @Test("a call without a trace, or with none that can be read, begins one", arguments: ["", "00-junk"])
    func root(_ traceparent: String) throws {
        let broker = try BrokerServer.onLoopback(context, spans: spans)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try detect(client, "1", traceparent)
        let job = try worker.job()
        try worker.answer(job)
        _ = try client.response()
        let seen = recorded()
        #expect(seen.last?.parent == nil && Set(seen.map(\.context.trace)).count == 1)
        #expect(try #require(TraceContext(job.traceparent)).trace == seen.last?.context.trace)
    }

    @Test("a call that is cancelled, and one that shares its work, have spans of their own")
    func endings() throws {
        let broker = try BrokerServer.onLoopback(context, spans: spans)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        let other = TraceContext.root()
        try detect(client, "first", caller.traceparent, key: "k")
        let job = try worker.job()
        try detect(client, "second", other.traceparent, key: "k")
        try client.detect("waits")
        try client.wait { $0.queue.waiting == 1 }
        try client.cancel("waits")
        #expect(try client.response().status.code == .cancelled)
        let cancelled = recorded()
        #expect(cancelled.map(\.name) == ["queue", "queue", "Grounding/Detect"])
        #expect(cancelled.last?.failure == "CANCELLED")
        try worker.answer(job)
        _ = try client.response()
        _ = try client.response()
        let seen = recorded()
        #expect(seen.map(\.name) == ["attempt", "Grounding/Detect", "Grounding/Detect"])
        #expect(seen[1].context.trace == caller.trace && seen[2].context.trace == other.trace)
        #expect(seen[2].parent == other.span)
    }

    @Test("what was refused has a span and waited for nothing")
    func refused() throws {
        let broker = try BrokerServer.onLoopback(context, spans: spans) { $0.queueCalls = 0 }
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try detect(client, "1", caller.traceparent)
        _ = try client.response()
        let seen = recorded()
        #expect(seen.map(\.name) == ["Grounding/Detect"] && seen[0].failure == "RESOURCE_EXHAUSTED")
    }
}
