// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands

struct BenchBroker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Measure what the broker costs, beside libzmq's own proxy.",
        discussion: """
            Three ways in turns: `proxy` is libzmq's proxy between peers that know no protocol, `broker` is the broker \
            between plain sockets that speak the protocol and real workers with an engine that only pretends, `service` the \
            same from our client. Frames have the same sizes in all three. RATE X is calls a second over the proxy's, +MS \
            is above the proxy in the same turn, CPU US is processor time of the process in the middle for each call.
            """)

    typealias Options = BrokerBenchmarkOptions

    @Option(help: ArgumentHelp("How long each figure is measured.", valueName: "s")) var seconds = Options
        .defaultSeconds
    @Option(help: ArgumentHelp("The turns that this is divided into.", valueName: "n")) var rounds = Options
        .defaultRounds
    @Option(help: ArgumentHelp("Bytes of a picture. (default: 1000,100000,4000000)", valueName: "n,n"))
    var sizes: NumberList?
    @Option(help: ArgumentHelp("Clients, each with one call at a time. (default: 1,8,64)", valueName: "n,n"))
    var clients: NumberList?
    @Option(help: ArgumentHelp("Workers. (default: 1,4,16)", valueName: "n,n")) var workers: NumberList?
    @Option(
        help: ArgumentHelp(
            "Calls a second of all clients together. (default: as many as are answered)", valueName: "n"))
    var rate: Int?
    @Option(
        name: .customLong("engine-ms"),
        help: ArgumentHelp("What a job takes in a worker; then only the service is measured.", valueName: "ms"))
    var engineMilliseconds = 0
    @Flag(help: "Print JSON.") var json = false

    private var options: Options {
        Options(
            seconds: seconds, rounds: rounds, sizes: sizes?.numbers ?? Options.defaultSizes,
            clients: clients?.numbers ?? Options.defaultClients, workers: workers?.numbers ?? Options.defaultWorkers,
            engineMilliseconds: engineMilliseconds, rate: rate)
    }

    func validate() throws {
        if let fault = options.fault { throw ValidationError(fault) }
    }

    func run() async throws {
        OpenFiles.allow(4096)
        let progress = ProgressLine("starting")
        defer { progress.finish() }
        do {
            let report = try await BrokerBenchmark(options, program: Program.path) { progress.enter($0) }.run()
            progress.finish()
            if json {
                try InspectionFiles.printJSON(report)
            } else {
                StandardStream.output.print(report.lines)
            }
        } catch {
            throw CommandFailure(.internalError, "there are no figures: \(error)")
        }
    }
}
