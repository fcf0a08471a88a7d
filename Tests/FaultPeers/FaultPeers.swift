// SPDX-License-Identifier: MIT
import Foundation
import Logging
import Messaging
import Wire
import Worker

/// The processes that faults are done to, beside the brokers: workers and clients of the rooms `Worker` and `Client`, as `boxwood`
/// has them, whose payloads are numbered and which write down what they do. `dev/soak.sh` starts them.
@main
struct FaultPeers {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        let options = Options(words.dropFirst())
        let ledger = try Ledger(options.ledger)
        switch words.first {
        case "worker": try worker(options, ledger)
        case "calls": await LoadDriver(options).run(try NumberedCalls(options, ledger))
        case "jobs": await LoadDriver(options).run(try NumberedJobs(options, ledger))
        case "audit": try await NumberedJobs(options, ledger).audit()
        case "counters": try await BrokerCounters(options, ledger).run()
        default:
            print("usage: FaultPeers worker|calls|jobs|audit|counters --OPTION VALUE...")
            exit(64)
        }
    }

    private static func worker(_ options: Options, _ ledger: Ledger) throws {
        let configuration = WorkerConfiguration(
            endpoints: options.backs, name: options.name, pid: UInt32(getpid()), version: "0", slots: options.slots,
            credential: try options.credential)
        var logger = Logger(label: options.name) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .notice
        let loop = WorkerLoop(configuration, logger: logger) { NumberedRunner(ledger) }
        ledger.note("up", ["pid": Int(getpid())])
        try loop.run()
    }
}
