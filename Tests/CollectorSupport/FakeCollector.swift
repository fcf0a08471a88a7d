// SPDX-License-Identifier: MIT
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A collector of spans that keeps what it is sent: OTLP over HTTP, as JSON, on this machine.
public final class FakeCollector: Sendable {
    /// A span as it came.
    public struct Seen: Sendable {
        public var service: String
        public var name: String
        public var kind: Int
        public var trace: String
        public var span: String
        public var parent: String?
        public var links: [String]
        public var attributes: [String: String]
        public var failure: String?
        public var start: Int64
        public var end: Int64
    }

    private struct State {
        var spans: [Seen] = []
        var requests: [Int] = []
        var faults: [String] = []
    }

    /// For `--otlp`.
    public let url: String
    private let state: SharedState
    private let running: Task<Void, any Error>

    private final class SharedState: Sendable {
        let state = Mutex(State())
    }

    /// - Parameter answer: the status for each request, by its number from 0.
    public init(answer: @escaping @Sendable (Int) -> Int = { _ in 200 }) async throws {
        let shared = SharedState()
        state = shared
        let router = Router()
        router.post("/v1/traces") { request, _ in
            let body = try await request.body.collect(upTo: 16 << 20)
            let status = shared.state.withLock { answer($0.requests.count) }
            let bytes = Data(body.readableBytesView)
            shared.state.withLock { state in
                do {
                    let type = request.headers[.contentType]
                    if type != "application/json" { state.faults.append("content type \(type ?? "missing")") }
                    let spans = try JSONDecoder().decode(Document.self, from: bytes).seen
                    state.requests.append(spans.count)
                    if status == 200 { state.spans += spans }
                } catch {
                    state.requests.append(0)
                    state.faults.append("\(error)")
                }
            }
            return Response(status: .init(code: status), body: .init(byteBuffer: ByteBuffer(string: "{}")))
        }
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "collector")
        logger.logLevel = .error
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { listening.yield($0.localAddress?.port ?? 0) }, logger: logger)
        running = Task { try await application.run() }
        var port = 0
        for await first in ports {
            port = first
            break
        }
        url = "http://127.0.0.1:\(port)"
    }

    public var spans: [Seen] { state.state.withLock { $0.spans } }
    /// How many spans each request had.
    public var requests: [Int] { state.state.withLock { $0.requests } }
    /// What was wrong with what came.
    public var faults: [String] { state.state.withLock { $0.faults } }

    public func stop() async {
        running.cancel()
        _ = try? await running.value
    }

    // MARK: - The JSON

    private struct Document: Decodable {
        let resourceSpans: [ResourceSpans]

        var seen: [Seen] {
            resourceSpans.flatMap { resource in
                let service = resource.resource.attributes.first { $0.key == "service.name" }?.value.stringValue ?? ""
                return resource.scopeSpans.flatMap { $0.spans.map { $0.seen(service) } }
            }
        }
    }

    private struct ResourceSpans: Decodable {
        let resource: Resource
        let scopeSpans: [ScopeSpans]
    }

    private struct Resource: Decodable { let attributes: [Attribute] }
    private struct ScopeSpans: Decodable { let spans: [Record] }
    private struct Link: Decodable { let traceId, spanId: String }
    private struct Status: Decodable {
        let code: Int
        let message: String
    }

    private struct Attribute: Decodable {
        struct Value: Decodable { let stringValue, intValue: String? }
        let key: String
        let value: Value
    }

    private struct Record: Decodable {
        let traceId, spanId, name, startTimeUnixNano, endTimeUnixNano: String
        let parentSpanId: String?
        let kind: Int
        let attributes: [Attribute]
        let links: [Link]?
        let status: Status?

        func seen(_ service: String) -> Seen {
            Seen(
                service: service, name: name, kind: kind, trace: traceId, span: spanId, parent: parentSpanId,
                links: (links ?? []).map(\.spanId),
                attributes: attributes.reduce(into: [:]) { $0[$1.key] = $1.value.stringValue ?? $1.value.intValue },
                failure: status?.message, start: Int64(startTimeUnixNano) ?? 0, end: Int64(endTimeUnixNano) ?? 0)
        }
    }
}
