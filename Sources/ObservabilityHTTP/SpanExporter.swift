// SPDX-License-Identifier: MIT
import AsyncHTTPClient
import Foundation
public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
public import Observability

/// Where spans go: `http://HOST:PORT`, or the whole address of a collector's traces.
public struct CollectorAddress: Sendable, Hashable, CustomStringConvertible {
    public let url: String

    public init(_ text: String) throws(MonitorError) {
        guard let parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme ?? ""),
            let host = parts.host, !host.isEmpty, parts.user == nil, parts.query == nil, parts.fragment == nil
        else {
            throw MonitorError(
                .collector, "\"\(text)\" is no address of a collector; one is http://127.0.0.1:4318")
        }
        // OTLP's own path, unless another is named.
        url = parts.path.isEmpty || parts.path == "/" ? text.trimmingSuffix("/") + "/v1/traces" : text
    }

    public var description: String { url }
}

/// Sends spans to a collector by OTLP over HTTP, in batches, beside the work. What a collector does not take in time is dropped,
/// counted, and said once.
public final class SpanExporter: Sendable {
    public struct Terms: Sendable {
        /// How long spans are gathered.
        public var interval: Duration = .seconds(1)
        /// Of one request.
        public var batch = 512
        /// How long a collector may take for a request.
        public var timeout: Duration = .seconds(5)
        /// How often a batch is tried; only where the collector says that it may be.
        public var attempts = 3
        /// How long the last batches may take once the process ends.
        public var farewell: Duration = .seconds(3)

        public init() {}
    }

    public let queue: SpanQueue
    private let work: Task<Void, Never>
    private let post: SpanPost
    private let terms: Terms

    public init(
        _ address: CollectorAddress, from source: SpanSource, queue: SpanQueue = SpanQueue(), terms: Terms = Terms(),
        logger: Logger
    ) {
        self.queue = queue
        self.terms = terms
        let post = SpanPost(address, source, queue, terms, logger)
        self.post = post
        work = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: terms.interval)
                // A task of its own: what is on its way is not stopped with this one.
                await Task { await post.deliverAll() }.value
            }
        }
    }

    /// Sends what is left, for a while; returns when nothing more is sent.
    public func stop() async {
        work.cancel()
        let (post, farewell) = (post, terms.farewell)
        let deadline = ContinuousClock.now + farewell
        // What is on its way then fails.
        let end = Task {
            guard (try? await Task.sleep(for: farewell)) != nil else { return }
            await post.close()
        }
        await post.hurry(until: deadline)
        await work.value
        await post.deliverAll()
        end.cancel()
        await post.close()
    }
}

/// One batch after the other.
private actor SpanPost {
    private let address: CollectorAddress
    private let source: SpanSource
    private let queue: SpanQueue
    private let terms: SpanExporter.Terms
    private let logger: Logger
    private let clock = SpanClock()
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let client: HTTPClient
    private var hasFailed = false
    /// When nothing more is to be tried.
    private var deadline: ContinuousClock.Instant?

    /// Before a second try.
    private static let firstPause: Duration = .milliseconds(500)
    /// What a collector says beyond that is not read.
    private static let answerBytes = 64 << 10

    init(
        _ address: CollectorAddress, _ source: SpanSource, _ queue: SpanQueue, _ terms: SpanExporter.Terms,
        _ logger: Logger
    ) {
        (self.address, self.source, self.queue, self.terms, self.logger) = (address, source, queue, terms, logger)
        client = HTTPClient(eventLoopGroupProvider: .shared(group))
    }

    func hurry(until deadline: ContinuousClock.Instant) { self.deadline = deadline }

    private var isLate: Bool { deadline.map { .now >= $0 } ?? false }

    func deliverAll() async {
        while true {
            let spans = queue.take(atMost: terms.batch)
            guard !spans.isEmpty else { return }
            if isLate { queue.drop(spans.count) } else { await deliver(spans) }
        }
    }

    func close() async {
        try? await client.shutdown()
        try? await group.shutdownGracefully()
    }

    private func deliver(_ spans: [Span]) async {
        let body = OTLPDocument.bytes(spans, from: source, clock: clock)
        var pause = Self.firstPause
        for attempt in 1...max(1, terms.attempts) {
            let outcome = await send(body)
            if case .taken = outcome { return noteSuccess() }
            guard case .later(let why) = outcome, attempt < terms.attempts, !isLate else {
                return fail(spans.count, outcome.why)
            }
            logger.debug("spans not taken", metadata: ["why": "\(why)"])
            try? await Task.sleep(for: pause)
            pause *= 2
        }
    }

    private enum Outcome {
        case taken
        /// Nobody heard it, or the collector asks to come again.
        case later(String)
        case refused(String)

        var why: String {
            switch self {
            case .taken: ""
            case .later(let why), .refused(let why): why
            }
        }
    }

    private func send(_ body: Data) async -> Outcome {
        var request = HTTPClientRequest(url: address.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            let response = try await client.execute(request, timeout: .nanoseconds(terms.timeout.wholeNanoseconds))
            _ = try await response.body.collect(upTo: Self.answerBytes)
            switch response.status.code {
            case 200..<300: return .taken
            // Those that the specification names.
            case 429, 502, 503, 504: return .later("status \(response.status.code)")
            default: return .refused("status \(response.status.code)")
            }
        } catch {
            return .later("\(error)")
        }
    }

    private func fail(_ count: Int, _ why: String) {
        queue.drop(count)
        if !hasFailed {
            logger.warning("spans are dropped", metadata: ["collector": "\(address)", "why": "\(why)"])
        }
        hasFailed = true
    }

    private func noteSuccess() {
        if hasFailed { logger.notice("spans are taken again", metadata: ["collector": "\(address)"]) }
        hasFailed = false
    }
}

extension Duration {
    fileprivate var wholeNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
