// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Broker
import Journal
import Logging
import Messaging
import Observability
import ObservabilityHTTP
import Wire

struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Run a broker: takes calls from clients and spreads them over workers.",
        discussion: """
            Prints where it listens, one line for clients and one for workers. SIGTERM and SIGINT drain it: it takes \
            nothing new, finishes what it has, and ends. A second signal ends it at once.
            """)

    @OptionGroup var endpoints: EndpointOptions
    @OptionGroup var keys: BrokerKeyOptions
    @OptionGroup var journal: JournalOptions
    @OptionGroup var monitor: MonitorOptions
    @OptionGroup var trace: TraceOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var supervised: Supervised

    func run() async throws {
        supervised.hold()
        let signals = StopSignals()
        let logger = log.logger("broker")
        let manager = Program.serviceManager(logger)
        let exporter = try trace.start("boxwood-broker", logger)
        let server = try listen(manager, logger, exporter?.queue)
        let watched = try await monitor.start(logger) { server.report($0) }
        let addresses = Announcement(client: server.front.description, worker: server.back.description)
        StandardStream.output.print(addresses.lines)
        manager.ready("clients at \(addresses.client), workers at \(addresses.worker)")
        await signals.first()
        manager.stopping()
        await Blocking.run { server.drain() }
        await watched?.stop()
        await exporter?.stop()
    }

    /// Descriptors for all but connections.
    private static let otherFiles = 128

    private func listen(
        _ manager: ServiceManager, _ logger: Logger, _ spans: SpanQueue?
    ) throws(CommandFailure) -> BrokerServer {
        do {
            var configuration = try BrokerConfiguration(
                front: endpoints.clientEndpoint, back: endpoints.workerEndpoint, keys: keys.folder,
                version: Program.version)
            configuration.heartbeat = { manager.alive(at: .now) }
            configuration.spans = spans
            // A listener that finds no descriptor for a connection would ask for one again and again.
            let room = OpenFiles.allow(configuration.connections + Self.otherFiles) - Self.otherFiles
            if room < configuration.connections {
                logger.warning("few files may be open: fewer connections", metadata: ["connections": "\(room)"])
                configuration.connections = max(1, room)
            }
            return try start(configuration, logger)
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as MessagingError {
            switch error.code {
            case .endpoint: throw CommandFailure(.usage, error.message)
            case .key: throw CommandFailure(key: error)
            default: throw CommandFailure(.unavailable, error.message)
            }
        } catch {
            throw CommandFailure(.internalError, "\(error)")
        }
    }
}

extension BrokerCommand {
    /// The journal before the sockets: a broker that cannot keep jobs does not begin to take calls.
    private func start(_ configuration: BrokerConfiguration, _ logger: Logger) throws -> BrokerServer {
        let keeper = try journal.open(logger)
        do throws(MessagingError) {
            return try BrokerServer(configuration, journal: keeper, logger: logger)
        } catch {
            keeper?.close()
            throw error
        }
    }
}

/// Where a broker listens.
struct EndpointOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where clients connect; port * takes a free one.", valueName: "address"))
    var clientEndpoint = WireLimits.frontEndpoint

    @Option(help: ArgumentHelp("Where workers connect.", valueName: "address"))
    var workerEndpoint = WireLimits.backEndpoint
}
