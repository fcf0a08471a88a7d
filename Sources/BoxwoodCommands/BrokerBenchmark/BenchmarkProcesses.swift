// SPDX-License-Identifier: MIT
import Foundation
import Glibc

/// The processes between the clients and the answer, each started once for all that is measured. Owned by one thread.
final class BenchmarkProcesses {
    /// A middle: the proxy or the broker, and where it listens.
    struct Middle {
        let process: ChildProcess
        let addresses: Announcement
    }

    private let program: String
    private let options: BrokerBenchmarkOptions
    private var children: [ChildProcess] = []
    private var workers: [ChildProcess] = []
    private(set) var middles: [BrokerBenchmarkWay: Middle] = [:]

    init(program: String, _ options: BrokerBenchmarkOptions) throws {
        (self.program, self.options) = (program, options)
        let anywhere = ["--client-endpoint", Self.anywhere, "--worker-endpoint", Self.anywhere, "--supervised"]
        let broker = try middle(["broker", "--log-level", "error"] + anywhere)
        middles[.broker] = broker
        middles[.service] = broker
        if options.ways.contains(.proxy) { middles[.proxy] = try middle(["bench", "bare-proxy"] + anywhere) }
    }

    private static let anywhere = "tcp://127.0.0.1:*"

    deinit {
        end(workers)
        end(children)
    }

    /// Puts so many workers behind each middle, in one process for each, in place of those that were there.
    func setWorkers(_ count: Int) throws {
        end(workers)
        workers = []
        let brokers = try start(
            "bench", "pretended-workers", "--count", "\(count)", "--engine-ms", "\(options.engineMilliseconds)",
            "--endpoint",
            middles[.broker]!.addresses.worker)
        workers = [brokers]
        guard let proxy = middles[.proxy] else { return }
        workers.append(
            try start("bench", "bare-workers", "--count", "\(count)", "--endpoint", proxy.addresses.worker))
    }

    /// Seconds of processor time that the middle has used.
    func processorTime(of way: BrokerBenchmarkWay) -> Double {
        guard let pid = middles[way]?.process.pid,
            let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat")
        else { return .nan }
        return ProcessorTime.seconds(stat: String(decoding: data, as: UTF8.self)) ?? .nan
    }

    private func start(_ arguments: String...) throws -> ChildProcess {
        try ChildProcess(program: program, arguments: arguments + ["--supervised"])
    }

    private func middle(_ arguments: [String]) throws -> Middle {
        let process = try ChildProcess(program: program, arguments: arguments)
        children.append(process)
        var lines: [String] = []
        for line in LineReader(descriptor: process.output) {
            lines.append(line)
            if let addresses = Announcement(lines: lines) { return Middle(process: process, addresses: addresses) }
        }
        throw BrokerBenchmarkError(description: "boxwood \(arguments[0]) did not start")
    }

    private func end(_ processes: [ChildProcess]) {
        for process in processes { process.send(SIGKILL) }
        for process in processes { _ = process.waitForEnd() }
    }
}

/// Why there are no figures.
package struct BrokerBenchmarkError: Error, CustomStringConvertible {
    package let description: String
}

/// What a process has used of its processors. Source: proc_pid_stat(5).
package enum ProcessorTime {
    /// - Parameter stat: the line of `/proc/PID/stat`; the name in it, in parentheses, may have blanks.
    package static func seconds(stat: String) -> Double? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        // utime and stime are fields 14 and 15, and the state behind the name is field 3.
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
