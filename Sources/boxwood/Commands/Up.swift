// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Client
import Foundation
import Logging
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
    @OptionGroup var journal: JournalOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var log: LogOptions

    func validate() throws {
        guard (1...256).contains(workers) else { throw ValidationError("--workers is 1 to 256") }
    }

    func run() async throws {
        let folder = try Program.modelFolder(named: model.model)
        // A model that cannot be opened is found out here, once, and not by every worker again and again.
        _ = try InspectionFiles.configuration(try InspectionFiles.checkpoint(folder))
        let logger = log.logger("up")
        let loop = SupervisorLoop(plan(folder), logger: logger) { addresses in
            StandardStream.output.offer(addresses.lines)
            Task { await Self.sayWhenReady(addresses.client, logger) }
        }
        Signals.handle { loop.stop() }
        let status = await Blocking.run { loop.run() }
        guard status == .ok else { throw ExitCode(status.rawValue) }
    }

    private func plan(_ folder: String) -> SupervisorLoop.Plan {
        let engine = model.arguments(folder: folder, threads: max(1, Program.processors / workers)) + slots.arguments
        let kept = journal.arguments
        let common = log.arguments + ["--supervised"]
        return SupervisorLoop.Plan(
            program: Program.path, workers: workers,
            addresses: Announcement(client: endpoints.clientEndpoint, worker: endpoints.workerEndpoint),
            broker: {
                ["broker", "--client-endpoint", $0.client, "--worker-endpoint", $0.worker] + kept + common
            },
            worker: { number, addresses in
                ["worker", "--endpoint", addresses.worker, "--name", "worker-\(number)"] + engine + common
            })
    }

    /// Waits until the broker has a worker that can answer.
    private static func sayWhenReady(_ address: String, _ logger: Logger) async {
        do {
            let client = try BoxwoodClient.connect(address)
            defer { client.close() }
            while (try? await client.health(service: Method.groundingService)) != .serving {
                try await Task.sleep(for: .milliseconds(50))
            }
            StandardStream.output.offer(["ready"])
        } catch {
            logger.error("cannot ask the broker whether it is ready", metadata: ["error": "\(error)"])
        }
    }
}
