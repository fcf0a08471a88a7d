// SPDX-License-Identifier: MIT
package import Wire

/// What a broker does at the moment, as a screenful: how much in the time since it was last asked.
package struct ServiceTop: Sendable {
    private let now: ProtoAdminStatusResponse
    private let before: ProtoAdminStatusResponse?
    /// By the broker's own clock; `nil` without an earlier look at the same process.
    private let seconds: Double?

    /// - Parameter before: the look before this one, of which rates are differences.
    package init(_ now: ProtoAdminStatusResponse, before: ProtoAdminStatusResponse?) {
        self.now = now
        self.before = before
        seconds = before.map { now.uptimeS - $0.uptimeS }.flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
    }

    /// - Parameters:
    ///   - width: of the terminal; `nil` where there is none, and nothing is cut.
    ///   - height: the same of its lines; workers that have no room are counted.
    package func lines(endpoint: String, width: Int?, height: Int?) -> [String] {
        let head =
            [
                ServiceStatus.broker(now, endpoint: endpoint), "queue: " + ServiceStatus.queue(now.queue),
                "rates: " + rates, "workers: " + states, "",
            ]
        let lines = head + table(width)
        let fitted = height.map { Self.fitted(lines, to: $0) } ?? lines
        return width.map { width in fitted.map { TerminalText.truncated($0, to: width) } } ?? fitted
    }

    private static func fitted(_ lines: [String], to height: Int) -> [String] {
        guard lines.count > height else { return lines }
        let kept = lines.prefix(max(0, height - 1))
        return Array(kept) + Array(["... \(lines.count - kept.count) more lines"].prefix(height))
    }

    // MARK: - Rates

    private static let counters = [
        ("calls_accepted_total", "accepted"), ("calls_finished_total", "answered"),
        ("calls_refused_total", "refused"), ("calls_deadline_total", "out of time"),
        ("calls_cancelled_total", "cancelled"), ("jobs_redelivered_total", "redelivered"),
    ]

    private var rates: String {
        guard seconds != nil else { return "none yet" }
        return Self.counters.map { name, word in
            "\(rate(now.counters[name] ?? 0, before?.counters[name] ?? 0)) \(word)"
        }.joined(separator: ", ") + ", each per second"
    }

    private func rate(_ value: Double, _ earlier: Double) -> String {
        guard let seconds, value >= earlier else { return "-" }
        return ResultReport.fixed((value - earlier) / seconds, digits: 1)
    }

    // MARK: - Workers

    private var states: String {
        guard !now.workers.isEmpty else { return "none" }
        let counts = Dictionary(grouping: now.workers, by: \.state).mapValues(\.count).sorted { $0.key < $1.key }
        let (jobs, credits) = now.workers.reduce((0, 0)) { ($0.0 + Int($1.jobs), $0.1 + Int($1.credits)) }
        return "\(now.workers.count): "
            + counts.map { "\($0.value) \(TerminalText.line($0.key))" }.joined(separator: ", ")
            + "; \(jobs) of \(credits) places taken"
    }

    private func table(_ width: Int?) -> [String] {
        guard !now.workers.isEmpty else { return [] }
        var table = TextTable([
            .init("WORKER"), .init("NAME", isFlexible: true), .init("PID", .right), .init("STATE"),
            .init("JOBS", .right), .init("DONE", .right), .init("PER S", .right),
            .init("MODEL", isFlexible: true), .init("HEARD", .right),
        ])
        var earlier: [String: Double] = [:]
        for worker in before?.workers ?? [] { earlier[worker.worker] = worker.jobsDone }
        for worker in now.workers {
            table.append([
                worker.worker, worker.name, String(worker.pid), worker.state, "\(worker.jobs)/\(worker.credits)",
                ServiceStatus.whole(worker.jobsDone), earlier[worker.worker].map { rate(worker.jobsDone, $0) } ?? "-",
                "\(worker.model.name) \(worker.model.precision)", "\(worker.silentMs) ms ago",
            ])
        }
        return table.lines(width: width)
    }
}
