// SPDX-License-Identifier: MIT
import Foundation

/// Measures what the broker costs, beside what libzmq's own proxy costs in the same minute.
///
/// Clients are in this process, the broker, the proxy and the workers of each in processes of their own. All ways are measured in
/// turns, so that what else the machine does is everybody's, and what is compared is compared within one turn.
package struct BrokerBenchmark: Sendable {
    private let options: BrokerBenchmarkOptions
    private let program: String
    private let progress: @Sendable (String) -> Void

    /// How long all callers may take for their first answers.
    private static let readyLimit: Duration = .seconds(30)
    /// From then until the window opens: caches and allocators settle.
    private static let settling: Duration = .milliseconds(100)

    /// - Parameters:
    ///   - program: this program's own file, which is started as everything else.
    ///   - progress: told what is measured now.
    package init(
        _ options: BrokerBenchmarkOptions, program: String, progress: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        (self.options, self.program, self.progress) = (options, program, progress)
    }

    /// What a bare worker answers: as many bytes as a real one.
    package static var bareAnswer: [[UInt8]] { BenchmarkRequest.answer }

    package func run() async throws -> BrokerBenchmarkReport {
        let processes = try BenchmarkProcesses(program: program, options)
        let loadBefore = Machine.load
        var rows: [BrokerBenchmarkReport.Row] = []
        var workers = 0
        for setting in options.settings {
            progress("\(setting.bytes) bytes, \(setting.clients) clients, \(setting.workers) workers")
            if setting.workers != workers { try processes.setWorkers(setting.workers) }
            workers = setting.workers
            rows.append(try await row(setting, processes))
        }
        return BrokerBenchmarkReport(options, rows: rows, load: [loadBefore, Machine.load])
    }

    private func row(
        _ setting: BrokerBenchmarkSetting, _ processes: BenchmarkProcesses
    ) async throws -> BrokerBenchmarkReport.Row {
        var rounds: [[BrokerBenchmarkWay: BrokerBenchmarkRound]] = []
        for _ in 0..<options.rounds {
            var round: [BrokerBenchmarkWay: BrokerBenchmarkRound] = [:]
            for way in options.ways { round[way] = try await measure(way, setting, processes) }
            rounds.append(round)
        }
        return BrokerBenchmarkReport.Row(setting, rounds)
    }

    private func measure(
        _ way: BrokerBenchmarkWay, _ setting: BrokerBenchmarkSetting, _ processes: BenchmarkProcesses
    ) async throws -> BrokerBenchmarkRound {
        let window = MeasuredWindow()
        let interval = options.rate.map { Duration.seconds(1) * Double(setting.clients) / Double($0) }
        let callers = BenchmarkCallers(
            way: way, endpoint: processes.middles[way]!.addresses.client, setting: setting, interval: interval)
        async let ended = callers.run(window)
        let before = await open(window, setting) { processes.processorTime(of: way) }
        let outcome = await ended
        if let failure = window.failure { throw BrokerBenchmarkError(description: failure) }
        guard let before, let end = outcome.end, !outcome.samples.isEmpty else {
            throw BrokerBenchmarkError(description: "nobody answered by way of the \(way.rawValue)")
        }
        return BrokerBenchmarkRound(
            outcome, seconds: before.begin.duration(to: end) / .seconds(1),
            processorSeconds: processes.processorTime(of: way) - before.processorTime)
    }

    /// Waits until all callers have had an answer, and lets the measuring begin.
    private func open(
        _ window: MeasuredWindow, _ setting: BrokerBenchmarkSetting, _ processorTime: () -> Double
    ) async -> (begin: ContinuousClock.Instant, processorTime: Double)? {
        let limit = ContinuousClock.now + Self.readyLimit
        while window.ready < setting.clients {
            guard ContinuousClock.now < limit, window.failure == nil else {
                window.abandon()
                return nil
            }
            try? await Task.sleep(for: .milliseconds(1))
        }
        try? await Task.sleep(for: Self.settling)
        let begin = ContinuousClock.now
        let used = processorTime()
        window.open(begin: begin, end: begin + .seconds(options.seconds / Double(options.rounds)))
        return (begin, used)
    }
}

/// The machine, and what else is going on there.
enum Machine {
    static var processors: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// Runnable processes, as an average of the last minute; NaN where the system does not say.
    static var load: Double {
        let text = FileManager.default.contents(atPath: "/proc/loadavg").map { String(decoding: $0, as: UTF8.self) }
        return text?.split(separator: " ").first.flatMap { Double($0) } ?? .nan
    }
}
