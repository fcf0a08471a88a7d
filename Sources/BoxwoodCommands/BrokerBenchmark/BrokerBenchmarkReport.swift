// SPDX-License-Identifier: MIT

/// What one way did in one turn.
package struct BrokerBenchmarkRound: Sendable {
    package let calls: Int
    package let failed: Int
    package let missed: Int
    /// Calls a second.
    package let rate: Double
    /// Milliseconds.
    package let p50: Double
    package let p99: Double
    package let p999: Double
    /// Microseconds of processor time of the process in the middle, for each call.
    package let processor: Double

    package init(
        latencies: Latencies, failed: Int = 0, missed: Int = 0, seconds: Double, processorSeconds: Double
    ) {
        calls = latencies.count
        (self.failed, self.missed) = (failed, missed)
        rate = Double(calls) / seconds
        (p50, p99, p999) = (latencies.percentile(0.5), latencies.percentile(0.99), latencies.percentile(0.999))
        processor = processorSeconds * 1e6 / Double(max(1, calls + failed))
    }

    init(_ outcome: CallerOutcome, seconds: Double, processorSeconds: Double) {
        self.init(
            latencies: Latencies(outcome.samples), failed: outcome.failed, missed: outcome.missed, seconds: seconds,
            processorSeconds: processorSeconds)
    }
}

/// What `bench broker` found. Its JSON has these names; each figure is `{median, min, max}` over the rounds.
// swift-format-ignore: AlwaysUseLowerCamelCase
package struct BrokerBenchmarkReport: Encodable, Sendable {
    package struct Setup: Encodable, Sendable {
        let processor: String
        let processors: Int
        /// Before and after, averages of a minute.
        let load: [Double]
        let seconds: Double
        let rounds: Int
        let engine_ms: Int
        let rate: Int?
    }

    /// One way in one setting.
    package struct Figures: Encodable, Sendable {
        /// In all rounds.
        let calls: Int
        let failed: Int
        let missed: Int
        let per_s: Measurement
        let p50_ms: Measurement
        let p99_ms: Measurement
        let p999_ms: Measurement
        let processor_us: Measurement

        init(_ rounds: [BrokerBenchmarkRound]) {
            calls = rounds.reduce(0) { $0 + $1.calls }
            failed = rounds.reduce(0) { $0 + $1.failed }
            missed = rounds.reduce(0) { $0 + $1.missed }
            per_s = Measurement(rounds.map(\.rate))
            (p50_ms, p99_ms) = (Measurement(rounds.map(\.p50)), Measurement(rounds.map(\.p99)))
            p999_ms = Measurement(rounds.map(\.p999))
            processor_us = Measurement(rounds.map(\.processor))
        }
    }

    /// A way beside the proxy, round by round.
    package struct Comparison: Encodable, Sendable {
        /// Calls a second, over the proxy's.
        package let rate_ratio: Measurement
        /// Above the proxy.
        package let p50_above_ms: Measurement
        package let p99_above_ms: Measurement

        init(_ rounds: [(way: BrokerBenchmarkRound, proxy: BrokerBenchmarkRound)]) {
            rate_ratio = Measurement(rounds.map { $0.way.rate / $0.proxy.rate })
            p50_above_ms = Measurement(rounds.map { $0.way.p50 - $0.proxy.p50 })
            p99_above_ms = Measurement(rounds.map { $0.way.p99 - $0.proxy.p99 })
        }
    }

    package struct Row: Encodable, Sendable {
        let bytes: Int
        let clients: Int
        let workers: Int
        /// By way: `proxy`, `broker`, `service`.
        package let ways: [String: Figures]
        package let beside_proxy: [String: Comparison]

        /// - Precondition: one round at least, each with the same ways.
        package init(_ setting: BrokerBenchmarkSetting, _ rounds: [[BrokerBenchmarkWay: BrokerBenchmarkRound]]) {
            (bytes, clients, workers) = (setting.bytes, setting.clients, setting.workers)
            var ways: [String: Figures] = [:]
            var comparisons: [String: Comparison] = [:]
            for way in rounds[0].keys {
                ways[way.rawValue] = Figures(rounds.map { $0[way]! })
                guard way != .proxy, rounds[0][.proxy] != nil else { continue }
                comparisons[way.rawValue] = Comparison(rounds.map { ($0[way]!, $0[.proxy]!) })
            }
            (self.ways, beside_proxy) = (ways, comparisons)
        }
    }

    package let setup: Setup
    package let rows: [Row]

    package init(_ options: BrokerBenchmarkOptions, rows: [Row], load: [Double]) {
        setup = Setup(
            processor: Processor.name ?? "unknown", processors: Machine.processors, load: load.filter { !$0.isNaN },
            seconds: options.seconds, rounds: options.rounds, engine_ms: options.engineMilliseconds, rate: options.rate)
        self.rows = rows
    }
}

extension BrokerBenchmarkReport {
    /// For people: what ran, and a line for each way of each setting.
    package var lines: [String] {
        var table = TextTable(
            [.init("BYTES", .right), .init("CLIENTS", .right), .init("WORKERS", .right), .init("WAY")]
                + ["CALLS/S", "P50 MS", "P99 MS", "P99.9 MS", "CPU US", "RATE X", "P50 +MS", "P99 +MS", "FAILED"].map {
                    .init($0, .right)
                })
        for row in rows {
            for way in BrokerBenchmarkWay.allCases.map(\.rawValue) {
                guard let figures = row.ways[way] else { continue }
                table.append(
                    ["\(row.bytes)", "\(row.clients)", "\(row.workers)", way] + cells(figures, row.beside_proxy[way]))
            }
        }
        return [heading, ""] + table.lines(width: nil)
    }

    private func cells(_ figures: Figures, _ beside: Comparison?) -> [String] {
        let measured = [figures.per_s, figures.p50_ms, figures.p99_ms, figures.p999_ms, figures.processor_us]
        let compared = [beside?.rate_ratio, beside?.p50_above_ms, beside?.p99_above_ms]
        return measured.map { Self.text($0.median) } + compared.map { $0.map { Self.text($0.median) } ?? "-" }
            + ["\(figures.failed + figures.missed)"]
    }

    private var heading: String {
        let pace = setup.rate.map { "\($0) calls a second" } ?? "as many calls as are answered"
        let engine =
            setup.engine_ms == 0 ? "an engine that answers at once" : "an engine of \(setup.engine_ms) ms a job"
        let load = setup.load.map { ResultReport.fixed($0, digits: 1) }.joined(separator: " and ")
        return "\(pace), \(engine), \(setup.processors) processors (\(setup.processor)), load \(load) before and after"
    }

    private static func text(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        let size = abs(value)
        return ResultReport.fixed(value, digits: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
    }
}
