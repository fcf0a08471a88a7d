// SPDX-License-Identifier: MIT
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import Observability

/// Answers `/metrics`, `/healthz` and `/readyz` by HTTP, for as long as the process runs.
///
/// It knows nothing itself: it asks the process's loop, so that a loop that is stuck is not alive.
public final class MonitorServer: Sendable {
    /// Where it listens, a free port filled in.
    public let address: MonitorAddress
    private let group: MultiThreadedEventLoopGroup
    private let running: Task<Void, any Error>

    /// Whoever does not answer for so long is not alive.
    public static let patience: Duration = .seconds(2)
    /// Connections at a time; more wait.
    public static let connections = 64
    /// A connection that says nothing for so long is closed.
    static let idleLimit: TimeAmount = .seconds(30)

    /// Listens, and starts.
    /// - Parameters:
    ///   - token: without one only this machine may be listened on, and whoever connects may read.
    ///   - ask: puts a question to the loop; called from any thread.
    public init(
        _ address: MonitorAddress, token: BearerToken?, logger: Logger, patience: Duration = MonitorServer.patience,
        ask: @escaping @Sendable (ServiceQuestion) -> Void
    ) async throws(MonitorError) {
        guard address.isLoopback || token != nil else { throw .notAlone(address) }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var quiet = logger
        // The server's own words are about itself.
        quiet.logLevel = max(.warning, logger.logLevel)
        let router = Self.router(Asking(ask: ask, patience: patience), token)
        do {
            let (port, task) = try await Self.start(router, address, group, quiet)
            self.address = MonitorAddress(host: address.host, port: port)
            self.group = group
            running = task
        } catch {
            try? await group.shutdownGracefully()
            throw MonitorError(.unavailable, "\(address) cannot be listened on: \(error)")
        }
        logger.info("metrics", metadata: ["address": "http://\(self.address)/metrics"])
    }

    /// Ends it; returns when nobody is answered any more.
    public func stop() async {
        running.cancel()
        _ = try? await running.value
        try? await group.shutdownGracefully()
    }

    private static func router(_ asking: Asking, _ token: BearerToken?) -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/metrics") { request, _ in
            guard token?.isShown(in: request.headers[.authorization]) ?? true else {
                return text(.unauthorized, "the token is missing or wrong\n", [.wwwAuthenticate: "Bearer"])
            }
            guard let report = await asking.report(wantsMetrics: true) else { return text(.serviceUnavailable, stuck) }
            return text(.ok, Exposition.text(report.metrics), [.contentType: Exposition.contentType])
        }
        // Probes show no token: they say a word, and nothing about anybody.
        router.get("/healthz") { _, _ in
            await asking.report(wantsMetrics: false) == nil ? text(.serviceUnavailable, stuck) : text(.ok, "alive\n")
        }
        router.get("/readyz") { _, _ in
            guard let report = await asking.report(wantsMetrics: false) else { return text(.serviceUnavailable, stuck) }
            return report.isReady ? text(.ok, "ready\n") : text(.serviceUnavailable, "not ready\n")
        }
        return router
    }

    private static let stuck = "the process does not answer\n"

    private static func text(
        _ status: HTTPResponse.Status, _ text: String, _ more: HTTPFields = [:]
    ) -> Response {
        var headers: HTTPFields = [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"]
        for field in more { headers[field.name] = field.value }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private static func start(
        _ router: Router<BasicRequestContext>, _ address: MonitorAddress, _ group: MultiThreadedEventLoopGroup,
        _ logger: Logger
    ) async throws -> (port: Int, task: Task<Void, any Error>) {
        let (ports, listening) = AsyncThrowingStream.makeStream(of: Int.self)
        let application = Application(
            router: router, server: .http1(configuration: .init(idleTimeout: idleLimit)),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: "boxwood",
                availableConnectionsDelegate: MaximumAvailableConnections(connections, logger: logger)),
            onServerRunning: { channel in listening.yield(channel.localAddress?.port ?? address.port) },
            eventLoopGroupProvider: .shared(group), logger: logger)
        let task = Task {
            do {
                try await application.run()
                listening.finish()
            } catch {
                listening.finish(throwing: error)
                throw error
            }
        }
        for try await port in ports { return (port, task) }
        throw CancellationError()
    }
}
