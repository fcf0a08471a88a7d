// SPDX-License-Identifier: MIT
import Foundation
import Observability
import Testing

struct TraceContextTests {
    /// The example of W3C's "Trace Context".
    private static let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func readsAndWritesTheStandardsExample() throws {
        let context = try #require(TraceContext(Self.text))
        #expect(context.trace.text == "0af7651916cd43dd8448eb211c80319c")
        #expect(context.span == 0xb7ad_6b71_6920_3331 && context.isSampled)
        #expect(context.traceparent == Self.text)
        #expect(TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")?.isSampled == false)
    }

    @Test(
        "later versions may say more, and other flags",
        arguments: [
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff",
        ])
    func later(_ text: String) throws {
        #expect(try #require(TraceContext(text)).traceparent == Self.text)
    }

    @Test(
        "what is none begins no trace of its own",
        arguments: [
            "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319cb-7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",
            "0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ])
    func refused(_ text: String) {
        #expect(TraceContext(text) == nil)
    }

    @Test func aChildIsInItsParentsTrace() throws {
        let parent = try #require(TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))
        let child = parent.child()
        #expect(child.trace == parent.trace && child.span != parent.span && !child.isSampled)
        #expect(TraceContext.root().isSampled && TraceContext.root().trace != TraceContext.root().trace)
    }
}

struct SpanQueueTests {
    private func span(_ name: String, sampled: Bool = true) -> Span {
        let context = TraceContext(trace: TraceContext.TraceID(high: 1, low: 2), span: 3, isSampled: sampled)
        return Span(name, context: context, parent: nil, from: .now, to: .now)
    }

    @Test func keepsAsManyAsFitAndCountsTheRest() {
        let queue = SpanQueue(capacity: 3)
        for name in ["a", "b", "c", "d", "e"] { queue.record(span(name)) }
        #expect(queue.dropped == 2)
        #expect(queue.take(atMost: 2).map(\.name) == ["a", "b"])
        queue.record(span("f"))
        #expect(queue.take(atMost: 9).map(\.name) == ["c", "f"] && queue.dropped == 2)
    }

    @Test func whatIsNotSampledIsNotKeptAndNotMissed() {
        let queue = SpanQueue(capacity: 3)
        queue.record(span("a", sampled: false))
        #expect(queue.take(atMost: 9).isEmpty && queue.dropped == 0)
    }
}

struct OTLPDocumentTests {
    @Test func isTheJSONOfTheSpecification() throws {
        let start = ContinuousClock.now
        let context = TraceContext(trace: TraceContext.TraceID(high: 0xAB, low: 1), span: 0xF0)
        let earlier = TraceContext(trace: context.trace, span: 7)
        let span = Span(
            "attempt", .producer, context: context, parent: 0x0A, from: start, to: start + .milliseconds(1500),
            attributes: ["boxwood.attempt": .number(2), "boxwood.worker": .text("w\"1")], links: [earlier],
            failure: "lost")
        let clock = SpanClock(at: start, nanoseconds: 1_700_000_000_000_000_000)
        let data = OTLPDocument.bytes(
            [span], from: SpanSource(service: "boxwood-broker", version: "1", instance: "i"), clock: clock)
        let expected = """
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"boxwood-broker"}},\
            {"key":"service.version","value":{"stringValue":"1"}},{"key":"service.instance.id","value":{"stringValue":"i"}}]},\
            "scopeSpans":[{"scope":{"name":"boxwood","version":"1"},"spans":[{"attributes":[{"key":"boxwood.attempt",\
            "value":{"intValue":"2"}},{"key":"boxwood.worker","value":{"stringValue":"w\\"1"}}],\
            "endTimeUnixNano":"1700000001500000000","kind":4,"links":[{"spanId":"0000000000000007",\
            "traceId":"00000000000000ab0000000000000001"}],"name":"attempt","parentSpanId":"000000000000000a",\
            "spanId":"00000000000000f0","startTimeUnixNano":"1700000000000000000","status":{"code":2,"message":"lost"},\
            "traceId":"00000000000000ab0000000000000001"}]}]}]}
            """
        #expect(String(decoding: data, as: UTF8.self) == expected)
    }

    @Test func aSpanNeverEndsBeforeItBegan() {
        let now = ContinuousClock.now
        let span = Span("a", context: .root(), parent: nil, from: now, to: now - .seconds(1))
        #expect(span.end == span.start)
    }
}
