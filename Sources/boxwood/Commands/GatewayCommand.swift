// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Client
import Foundation
import Gateway
import Logging
import ObservabilityHTTP

struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Answer HTTP for a service, and show a page to try it.",
        discussion: """
            A client of the broker like any other; `boxwood up` starts one. What it answers is in protocol/http.md. \
            SIGTERM and SIGINT end it.
            """)

    @Option(help: ArgumentHelp("Where it listens; port 0 takes a free one.", valueName: "host:port"))
    var http = GatewayAddress.standard
    @OptionGroup var web: WebOptions
    @OptionGroup var at: AddressOptions
    @OptionGroup var trace: TraceOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var supervised: Supervised

    func run() async throws {
        supervised.hold()
        let signals = StopSignals()
        let logger = log.logger("gateway")
        let exporter = try trace.start("boxwood-gateway", logger)
        let client = try BoxwoodClient.connect(at.resolved, at.keys, spans: exporter?.queue)
        let server = try await start(client, logger)
        StandardStream.output.offer(["http     http://\(server.address)/"])
        await signals.first()
        await server.stop()
        await Blocking.run { client.closeAndWait() }
        await exporter?.stop()
    }

    private func start(_ client: BoxwoodClient, _ logger: Logger) async throws(CommandFailure) -> GatewayServer {
        do throws(MonitorError) {
            let configuration = GatewayConfiguration(
                try MonitorAddress(http), tokens: try web.tokenFile(), playground: Program.playgroundFolder,
                version: Program.version)
            return try await GatewayServer(configuration, client: client, logger: logger)
        } catch {
            throw CommandFailure(error)
        }
    }
}

/// Where a gateway listens unless it is told.
enum GatewayAddress {
    static let standard = "127.0.0.1:5580"
}

/// Who may ask over HTTP.
struct WebOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with a name and a bearer token a line; needed beyond this machine, and read anew when it changes.",
            valueName: "file"))
    var tokens: String?

    func tokenFile() throws(MonitorError) -> TokenFile? {
        try tokens.map { path throws(MonitorError) in try TokenFile(path) }
    }
}
