// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Client
import Wire

struct Workers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at a broker's workers.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List them, the eldest first.")

        @OptionGroup var address: AddressOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let workers = try await address.ask { client throws(RPCStatus) in try await client.status() }.workers
            let screen = StandardStream.output
            if json {
                let objects = workers.map { String(decoding: WireEncoding.json.encode($0), as: UTF8.self) }
                screen.write("[" + objects.joined(separator: ",") + "]\n")
            } else {
                screen.print(ServiceStatus.workers(workers, screen.width))
            }
        }
    }
}

struct Drain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give a worker nothing more to do.",
        discussion: """
            It finishes what it has and stays connected; `boxwood undrain` lets it work again. A worker of several brokers \
            goes on working for the others: name each broker with --endpoint.
            """)

    @Argument(help: "Its id or its name, as `boxwood workers list` has them.") var worker: String
    @Flag(help: "Wait until it has finished what it has, or is gone.") var wait = false
    @Option(help: "Wait no longer than this, as in 30 or 2m. (default: 60)", transform: ServiceOptions.Time.init)
    var timeout: ServiceOptions.Time?
    @OptionGroup var address: AddressOptions

    func validate() throws {
        guard wait || timeout == nil else { throw ValidationError("--timeout goes with --wait") }
    }

    func run() async throws {
        let answer = try await address.ask { client throws(RPCStatus) in
            let first = try await client.drain(worker)
            guard wait else { return first }
            return try await finish(first, client)
        }
        StandardStream.output.print([DrainReport.line(answer)])
        if wait, answer.worker.state != DrainReport.drained {
            throw CommandFailure(.deadline, "\(TerminalText.line(worker)) has not finished in time")
        }
    }

    private static let pause = Duration.milliseconds(200)

    /// - Returns: the worker as it was seen last.
    private func finish(
        _ first: ProtoDrainResponse, _ client: BoxwoodClient
    ) async throws(RPCStatus) -> ProtoDrainResponse {
        let end = ContinuousClock.now + (timeout?.duration ?? .seconds(60))
        var answer = first
        while answer.worker.state != DrainReport.drained, .now < end {
            guard (try? await Task.sleep(for: Self.pause)) != nil else { break }
            let workers = try await client.status().workers
            guard let worker = workers.first(where: { $0.worker == first.worker.worker }) else {
                answer.worker.state = DrainReport.drained
                return answer
            }
            answer.worker = worker
        }
        return answer
    }
}

struct Undrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a drained worker work again.")

    @Argument(help: "Its id or its name, as `boxwood workers list` has them.") var worker: String
    @OptionGroup var address: AddressOptions

    func run() async throws {
        let answer = try await address.ask { client throws(RPCStatus) in try await client.undrain(worker) }
        StandardStream.output.print([DrainReport.line(answer)])
    }
}
