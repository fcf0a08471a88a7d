// SPDX-License-Identifier: MIT
import CollectorSupport
import Glibc
import Logging
import Observability
import ObservabilityHTTP
import Testing

/// Spans on their way to a collector on a real socket.
@Suite(.timeLimit(.minutes(2)))
struct SpanExporterTests {
    private static let logger = Logger(label: "spans") { _ in SwiftLogNoOpLogHandler() }
    private static let source = SpanSource(service: "test", version: "1", instance: "i")

    private func terms(_ change: (inout SpanExporter.Terms) -> Void = { _ in }) -> SpanExporter.Terms {
        var terms = SpanExporter.Terms()
        terms.interval = .milliseconds(20)
        change(&terms)
        return terms
    }

    private func exporter(_ url: String, _ terms: SpanExporter.Terms) throws -> SpanExporter {
        SpanExporter(try CollectorAddress(url), from: Self.source, terms: terms, logger: Self.logger)
    }

    private func span(_ number: Int) -> Span {
        Span("span \(number)", context: .root(), parent: nil, from: .now, to: .now)
    }

    @Test func whatIsLeftIsSentBeforeTheEnd() async throws {
        let collector = try await FakeCollector()
        let exporter = try exporter(collector.url, terms { ($0.interval, $0.batch) = (.seconds(600), 4) })
        for number in 0..<10 { exporter.queue.record(span(number)) }
        await exporter.stop()
        #expect(collector.spans.map(\.name) == (0..<10).map { "span \($0)" })
        #expect(collector.requests == [4, 4, 2] && collector.faults == [] && exporter.queue.dropped == 0)
        #expect(collector.spans.allSatisfy { $0.service == "test" })
        await collector.stop()
    }

    @Test func spansAreSentAsTimePasses() async throws {
        let collector = try await FakeCollector()
        let exporter = try exporter(collector.url, terms())
        exporter.queue.record(span(1))
        while collector.spans.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        await exporter.stop()
        await collector.stop()
    }

    @Test func aCollectorThatAsksToComeAgainIsAskedAgain() async throws {
        let collector = try await FakeCollector { $0 == 0 ? 503 : 200 }
        let exporter = try exporter(collector.url, terms { $0.farewell = .seconds(20) })
        exporter.queue.record(span(1))
        while collector.spans.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        await exporter.stop()
        #expect(collector.requests == [1, 1] && exporter.queue.dropped == 0)
        await collector.stop()
    }

    @Test(arguments: [400, 404, 500])
    func whatACollectorRefusesIsDroppedAndCounted(_ status: Int) async throws {
        let collector = try await FakeCollector { _ in status }
        let exporter = try exporter(collector.url, terms())
        for number in 0..<3 { exporter.queue.record(span(number)) }
        while exporter.queue.dropped < 3 { try await Task.sleep(for: .milliseconds(5)) }
        await exporter.stop()
        #expect(collector.requests.reduce(0, +) == 3, "each once")
        await collector.stop()
    }

    @Test func nobodyAtTheAddressEndsNothing() async throws {
        let collector = try await FakeCollector()
        let url = collector.url
        await collector.stop()
        let exporter = try exporter(url, terms { $0.attempts = 1 })
        for number in 0..<3 { exporter.queue.record(span(number)) }
        await exporter.stop()
        #expect(exporter.queue.dropped == 3)
    }

    /// A service that stops waits no longer for it than it says.
    @Test func aCollectorThatDoesNotAnswerIsLeft() async throws {
        let silent = try SilentListener()
        let exporter = try exporter(
            silent.url, terms { ($0.timeout, $0.farewell) = (.seconds(600), .milliseconds(100)) })
        exporter.queue.record(span(1))
        await exporter.stop()
        #expect(exporter.queue.dropped == 1)
    }

    @Test(
        arguments: [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
            ("https://example.com/otlp/v1/traces", "https://example.com/otlp/v1/traces"),
        ])
    func anAddressWithoutAPathHasTheUsualOne(_ text: String, _ url: String) throws {
        #expect(try CollectorAddress(text).url == url)
    }

    @Test(arguments: ["", "127.0.0.1:4318", "ftp://a", "http://", "http://u:p@a/", "http://a/?b=c", "grpc://a:4317"])
    func refusesWhatIsNoCollector(_ text: String) {
        #expect(throws: MonitorError.self) { try CollectorAddress(text) }
    }
}

/// A socket that takes connections and says nothing.
private final class SilentListener: Sendable {
    let url: String
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try #require(bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0)
                try #require(getsockname(descriptor, address, &length) == 0)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        url = "http://127.0.0.1:\(port)"
    }

    deinit { close(descriptor) }
}
