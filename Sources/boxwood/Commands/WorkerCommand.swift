// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation
import Inference
import Messaging
import ObservabilityHTTP
import Wire
import Worker

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Run a worker: loads a model, joins a broker, does its jobs.",
        discussion: """
            A broker that goes away is waited for. SIGTERM and SIGINT drain the worker: it hands back what it has \
            not begun, finishes the rest, and ends. A second signal ends it at once.
            """)

    @Option(
        help: ArgumentHelp(
            "The broker's address for workers. Several with commas between them: all are served.", valueName: "address")
    )
    var endpoint = WireLimits.backEndpoint
    @Option(help: ArgumentHelp("What `boxwood status` calls it. (default: worker-PID)", valueName: "text"))
    var name: String?
    @OptionGroup var keys: KeyOptions
    @OptionGroup var slots: SlotOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var monitor: MonitorOptions
    @OptionGroup var trace: TraceOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var supervised: Supervised

    func validate() throws {
        guard name.map({ !$0.isEmpty && $0.utf8.count <= WireLimits.idBytes }) ?? true else {
            throw ValidationError("--name has 1 to \(WireLimits.idBytes) bytes")
        }
    }

    func run() async throws {
        supervised.hold()
        let signals = StopSignals()
        let pid = ProcessInfo.processInfo.processIdentifier
        let name = name ?? "worker-\(pid)"
        let configuration = WorkerConfiguration(
            endpoints: EndpointList.parse(endpoint), name: name, pid: UInt32(pid), version: Program.version,
            slots: slots.slots,
            credential: try keys.credential(), allowsPlaintext: keys.plaintext)
        do {
            try configuration.checkedEndpoints()
        } catch {
            throw CommandFailure(.usage, error.message)
        }
        let options = model.engine(threads: Program.processors)
        let folder = try Program.modelFolder(named: model.model)
        let logger = log.logger(name)
        let manager = Program.serviceManager(logger)
        let signs = WorkerSigns(
            ready: { manager.ready("\(name) has its model and works for \(endpoint)") },
            alive: { manager.alive(at: .now) })
        let exporter = try trace.start("boxwood-worker", logger)
        let loop = WorkerLoop(
            configuration, modelFolder: folder, engine: options, signs: signs, logger: logger, spans: exporter?.queue)
        let watched = try await monitor.start(logger) { loop.report($0) }
        let stop = Task {
            await signals.first()
            manager.stopping()
            loop.stop()
        }
        defer { stop.cancel() }
        let failure = await Blocking.run { () -> WorkerError? in
            do throws(WorkerError) {
                try loop.run()
                return nil
            } catch {
                return error
            }
        }
        await watched?.stop()
        await exporter?.stop()
        if let failure { throw CommandFailure(failure) }
    }
}

extension CommandFailure {
    /// Why a worker could not go on.
    init(_ error: WorkerError) {
        switch error {
        case .engine(let message): self.init(.badInput, "the model cannot be used: \(message)")
        case .messaging(let message): self.init(.unavailable, message)
        case .dismissed: self.init(.unavailable, error.description)
        }
    }
}
