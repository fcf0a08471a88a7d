// SPDX-License-Identifier: MIT
public import Client
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ObservabilityHTTP

/// How a gateway is reached, and by whom.
public struct GatewayConfiguration: Sendable {
    public var address: MonitorAddress
    /// Without it only this machine may be listened on.
    public var tokens: TokenFile?
    /// The folder with the playground's files; `nil`: there is no page.
    public var playground: String?
    public var version: String

    public init(_ address: MonitorAddress, tokens: TokenFile? = nil, playground: String? = nil, version: String = "0") {
        self.address = address
        self.tokens = tokens
        self.playground = playground
        self.version = version
    }
}

/// Answers HTTP for a service, for as long as the process runs: a client of the broker like any other.
public final class GatewayServer: Sendable {
    /// Where it listens, a free port filled in.
    public let address: MonitorAddress
    private let group: MultiThreadedEventLoopGroup
    private let running: Task<Void, any Error>

    /// Listens, and starts.
    /// - Parameter client: stays the caller's, who closes it after ``stop()``.
    /// - Throws: `address` beyond this machine without tokens, `unavailable` where it cannot be listened.
    public init(
        _ configuration: GatewayConfiguration, client: BoxwoodClient, logger: Logger
    ) async throws(MonitorError) {
        let wanted = configuration.address
        guard wanted.isLoopback || configuration.tokens != nil else {
            throw .needsTokens(wanted)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var quiet = logger
        // The server's own words are about itself.
        quiet.logLevel = max(.warning, logger.logLevel)
        let traffic = GatewayTraffic()
        let playground = try configuration.playground.map { folder throws(MonitorError) in try Playground(folder) }
        let door = FrontDoor(
            wanted, tokens: configuration.tokens, playground: playground, traffic: traffic, logger: logger)
        let router = GatewayRoutes(client, traffic, playground, version: configuration.version).router(behind: door)
        do {
            let (port, task) = try await Self.start(router, wanted, group, quiet) { door.listens(at: $0) }
            address = wanted.listening(at: port)
            self.group = group
            running = task
        } catch {
            try? await group.shutdownGracefully()
            throw MonitorError(.unavailable, "\(wanted) cannot be listened on: \(error)")
        }
        logger.info("gateway", metadata: ["address": "http://\(address)/"])
    }

    /// Takes nothing new, and ends what is open with its calls; returns when nobody is answered any more.
    public func stop() async {
        running.cancel()
        _ = try? await running.value
        try? await group.shutdownGracefully()
    }

    private static func start(
        _ router: Router<BasicRequestContext>, _ address: MonitorAddress, _ group: MultiThreadedEventLoopGroup,
        _ logger: Logger, _ listens: @escaping @Sendable (Int) -> Void
    ) async throws -> (port: Int, task: Task<Void, any Error>) {
        let (ports, listening) = AsyncThrowingStream.makeStream(of: Int.self)
        let application = Application(
            router: router, server: .http1(configuration: .init(idleTimeout: GatewayLimits.idleTime)),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: "boxwood",
                availableConnectionsDelegate: MaximumAvailableConnections(GatewayLimits.connections, logger: logger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? address.port
                listens(port)
                listening.yield(port)
            },
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
