// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Client
import Foundation
import Logging
import Messaging
import ObservabilityHTTP
import Wire

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a service: a broker and some workers, kept alive.",
        discussion: """
            Prints where clients and workers connect, and "ready" once a worker can answer. A process that dies is \
            started again, after a growing pause, for ever. SIGTERM and SIGINT drain everything: calls that are under \
            way are finished. A second signal ends everything at once.
            """)

    @Option(help: ArgumentHelp("How many workers.", valueName: "n"))
    var workers = 2
    @OptionGroup var slots: SlotOptions
    @OptionGroup var endpoints: EndpointOptions
    @OptionGroup var keys: BrokerKeyOptions
    @Option(
        help: ArgumentHelp(
            "With --keys: the file of the workers' key. (default: the only one in the folder)", valueName: "file"))
    var workerKey: String?
    @Option(
        help: ArgumentHelp(
            "Where HTTP is answered, and the page shown; `none` for nowhere. (default: \(GatewayAddress.standard), and "
                + "none with --keys)", valueName: "host:port"))
    var http: String?
    @OptionGroup var web: WebOptions
    @Option(
        help: ArgumentHelp("With --keys and --http: the file of the gateway's key, a client's.", valueName: "file"))
    var gatewayKey: String?
    @OptionGroup var journal: JournalOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var monitor: MonitorOptions
    @OptionGroup var trace: TraceOptions
    @OptionGroup var log: LogOptions

    func validate() throws {
        guard (1...256).contains(workers) else { throw ValidationError("--workers is 1 to 256") }
    }

    func run() async throws {
        let folder = try Program.modelFolder(named: model.model)
        // A model that cannot be opened is found out here, once, and not by every worker again and again.
        _ = try InspectionFiles.configuration(try InspectionFiles.checkpoint(folder))
        let traced = try trace.arguments()
        let monitors = try monitor.arguments(processes: 1 + workers).map { $0 + traced }
        let gateway = try gatewayArguments()
        let workerKey = try workerKeyFile()
        let credential = try KeyFailure.translating { () throws(MessagingError) in
            try workerKey.map { path throws(MessagingError) in try Credential(file: path) }
        }
        // A key for another service is none for this one's workers.
        unsetenv("BOXWOOD_KEY")
        unsetenv("BOXWOOD_KEYS")
        let logger = log.logger("up")
        let manager = Program.serviceManager(logger)
        let loop = SupervisorLoop(
            plan(folder, workerKey, monitors, gateway), logger: logger,
            onGateway: { StandardStream.output.offer([$0]) },
            onListening: { addresses in
                StandardStream.output.offer(addresses.lines)
                Task { await Self.sayWhenReady(addresses.client, credential, manager, logger) }
            })
        Signals.handle {
            manager.stopping()
            loop.stop()
        }
        let status = await Blocking.run { loop.run() }
        guard status == .ok else { throw ExitCode(status.rawValue) }
    }

    /// The key that the workers speak with; `nil` for a service without keys.
    private func workerKeyFile() throws(CommandFailure) -> String? {
        guard let folder = keys.folder else { return nil }
        if let workerKey { return workerKey }
        let names = folder.secretNames(.worker)
        guard names.count == 1 else {
            throw CommandFailure(
                .usage,
                names.isEmpty
                    ? "there is no worker's key in \(folder.path); make one: boxwood keys new worker local"
                    : "there are \(names.count) workers' keys in \(folder.path); name one with --worker-key")
        }
        return folder.secretPath(.worker, names[0])
    }

    /// The options of the gateway, checked, so that it does not fail by them again and again; `nil` for none.
    private func gatewayArguments() throws(CommandFailure) -> [String]? {
        let wanted = http ?? (keys.folder == nil ? GatewayAddress.standard : "none")
        guard wanted != "none" else {
            guard web.tokens == nil, gatewayKey == nil else {
                throw CommandFailure(.usage, "--tokens and --gateway-key go with --http")
            }
            return nil
        }
        guard (keys.folder == nil) == (gatewayKey == nil) else {
            throw CommandFailure(.usage, "--keys with --http needs --gateway-key, a client's, and that needs --keys")
        }
        do throws(MonitorError) {
            let address = try MonitorAddress(wanted)
            let tokens = try web.tokenFile()
            guard address.isLoopback || tokens != nil else { throw .needsTokens(address) }
        } catch {
            throw CommandFailure(error)
        }
        return ["gateway", "--http", wanted] + (web.tokens.map { ["--tokens", $0] } ?? [])
            + (gatewayKey.map { ["--key", $0] } ?? [])
    }

    /// - Parameters:
    ///   - monitors: how the broker, and then each worker, is watched.
    ///   - gateway: its options; `nil` for none.
    private func plan(
        _ folder: String, _ workerKey: String?, _ monitors: [[String]], _ gateway: [String]?
    ) -> SupervisorLoop.Plan {
        let engine = model.arguments(folder: folder, threads: max(1, Program.processors / workers)) + slots.arguments
        let kept = journal.arguments
        let common = log.arguments + ["--supervised"]
        let brokerKeys = keys.folder.map { ["--keys", $0.path] } ?? []
        let workerKeys = workerKey.map { ["--key", $0] } ?? []
        var plan = SupervisorLoop.Plan(
            program: Program.path, workers: workers,
            addresses: Announcement(client: endpoints.clientEndpoint, worker: endpoints.workerEndpoint),
            broker: {
                ["broker", "--client-endpoint", $0.client, "--worker-endpoint", $0.worker] + brokerKeys + kept
                    + monitors[0] + common
            },
            worker: { number, addresses in
                ["worker", "--endpoint", addresses.worker, "--name", "worker-\(number)"] + engine + workerKeys
                    + monitors[number] + common
            })
        if let gateway { plan.gateway = { gateway + ["--endpoint", $0.client] + common } }
        return plan
    }

    /// Waits until the broker has a worker that can answer.
    private static func sayWhenReady(
        _ address: String, _ credential: Credential?, _ manager: ServiceManager, _ logger: Logger
    ) async {
        do {
            let client = try BoxwoodClient(ClientConfiguration(endpoint: address, credential: credential))
            defer { client.close() }
            while (try? await client.health(service: Method.groundingService)) != .serving {
                try await Task.sleep(for: .milliseconds(50))
            }
            StandardStream.output.offer(["ready"])
            manager.ready("clients at \(address)")
        } catch {
            logger.error("cannot ask the broker whether it is ready", metadata: ["error": "\(error)"])
        }
    }
}
