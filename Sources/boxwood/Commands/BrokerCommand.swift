// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Broker
import Journal
import Logging
import Messaging
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
    @OptionGroup var journal: JournalOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var supervised: Supervised

    func run() async throws {
        supervised.hold()
        let signals = StopSignals()
        let server = try listen(log.logger("broker"))
        let addresses = Announcement(client: server.front.description, worker: server.back.description)
        StandardStream.output.print(addresses.lines)
        await signals.first()
        await Blocking.run { server.drain() }
    }

    private func listen(_ logger: Logger) throws(CommandFailure) -> BrokerServer {
        do {
            let configuration = try BrokerConfiguration(
                front: endpoints.clientEndpoint, back: endpoints.workerEndpoint, version: Program.version)
            // Before the sockets: a broker that cannot keep jobs does not begin to take calls.
            let keeper = try journal.open(logger)
            do {
                return try BrokerServer(configuration, journal: keeper, logger: logger)
            } catch {
                keeper?.close()
                throw error
            }
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as MessagingError {
            throw CommandFailure(error.code == .endpoint ? .usage : .unavailable, error.message)
        } catch {
            throw CommandFailure(.internalError, "\(error)")
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
