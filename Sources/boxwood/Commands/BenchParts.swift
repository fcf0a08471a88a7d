// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation
import Logging
import Messaging
import Worker

/// The processes that `bench broker` starts.
enum BenchParts {
    static let all: [any ParsableCommand.Type] = [BenchProxy.self, BenchBareWorkers.self, BenchPretendedWorkers.self]
}

/// libzmq's proxy between two free ports.
struct BenchProxy: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bare-proxy", shouldDisplay: false)

    @OptionGroup var endpoints: EndpointOptions
    @OptionGroup var supervised: Supervised

    func run() throws {
        supervised.hold()
        OpenFiles.allow(4096)
        let context = Context()
        let front = try Socket(context, .router)
        let back = try Socket(context, .dealer)
        let addresses = Announcement(
            client: try front.bind(Endpoint(endpoints.clientEndpoint)).description,
            worker: try back.bind(Endpoint(endpoints.workerEndpoint)).description)
        StandardStream.output.print(addresses.lines)
        try front.proxy(to: back)
    }
}

/// Peers that answer whatever comes.
struct BenchBareWorkers: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bare-workers", shouldDisplay: false)

    @OptionGroup var part: WorkersPart

    func run() throws {
        part.supervised.hold()
        let endpoint = try Endpoint(part.endpoint)
        part.runAll {
            do throws(MessagingError) {
                let socket = try Socket(Context(), .dealer)
                try socket.connect(endpoint)
                try socket.echo(BrokerBenchmark.bareAnswer)
            } catch {
                StandardStream.error.write("\(error)\n")
            }
        }
    }
}

/// Our workers, with an engine that only pretends.
struct BenchPretendedWorkers: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pretended-workers", shouldDisplay: false)

    @OptionGroup var part: WorkersPart
    @Option(name: .customLong("engine-ms")) var engineMilliseconds = 0

    func run() throws {
        part.supervised.hold()
        let (endpoint, milliseconds) = (part.endpoint, engineMilliseconds)
        let logger = Logger(label: "bench") { LineLogHandler(label: $0, level: .error, format: .text) }
        let pid = UInt32(ProcessInfo.processInfo.processIdentifier)
        part.runAll {
            let configuration = WorkerConfiguration(
                endpoints: [endpoint], name: "pretended", pid: pid, version: Program.version)
            let loop = WorkerLoop(configuration, logger: logger) { PretendedEngine(milliseconds: milliseconds) }
            do throws(WorkerError) { try loop.run() } catch { StandardStream.error.write("\(error)\n") }
        }
    }
}

/// So many workers in one process, each on threads of its own.
struct WorkersPart: ParsableArguments {
    @Option var endpoint: String
    @Option var count = 1
    @OptionGroup var supervised: Supervised

    func runAll(_ body: @escaping @Sendable () -> Void) {
        let threads = (0..<count).map { _ in DedicatedThread(name: "worker", body) }
        for thread in threads { thread.join() }
    }
}
