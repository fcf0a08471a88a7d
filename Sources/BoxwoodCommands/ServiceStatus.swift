// SPDX-License-Identifier: MIT
package import Wire

/// What a broker says of itself and its workers, as a person reads it.
package enum ServiceStatus {
    /// - Parameter width: of the terminal; `nil` when the output is no terminal.
    package static func lines(_ status: ProtoAdminStatusResponse, endpoint: String, width: Int?) -> [String] {
        let queue = status.queue
        return [
            broker(status, endpoint: endpoint),
            "queue: \(self.queue(queue)); room for \(queue.waitingLimit) calls, \(megabytes(queue.bytesLimit))", "",
        ] + workers(status.workers, width) + [""] + counters(status, width)
    }

    static func broker(_ status: ProtoAdminStatusResponse, endpoint: String) -> String {
        let state = status.draining ? "draining" : "up for \(time(status.uptimeS))"
        return TerminalText.line("broker \(status.version) at \(endpoint), \(state)")
    }

    /// `3 waiting (2 no_room, 1 alone), 4 running, 1.2 s of work, 0.3 MB; the oldest waits for 0.4 s`.
    static func queue(_ queue: ProtoQueueState) -> String {
        let reasons = queue.waitingByReason.filter { $0.value > 0 }.sorted { $0.key < $1.key }
            .map { "\($0.value) \(TerminalText.line($0.key))" }.joined(separator: ", ")
        return "\(queue.waiting) waiting\(reasons.isEmpty ? "" : " (\(reasons))"), \(queue.running) running, "
            + "\(time(Double(queue.backlogMs) / 1000)) of work, \(megabytes(queue.bytes))"
            + (queue.waiting > 0 ? "; the oldest waits for \(time(Double(queue.oldestMs) / 1000))" : "")
    }

    /// A table of them.
    package static func workers(_ workers: [ProtoWorkerState], _ width: Int?) -> [String] {
        guard !workers.isEmpty else { return ["no worker has joined; start one with `boxwood worker`"] }
        var table = TextTable([
            .init("WORKER"), .init("NAME", isFlexible: true), .init("PID", .right), .init("STATE"),
            .init("JOBS", .right), .init("DONE", .right), .init("MODEL", isFlexible: true), .init("HEARD", .right),
        ])
        for worker in workers {
            table.append([
                worker.worker, worker.name, String(worker.pid), worker.state, "\(worker.jobs)/\(worker.credits)",
                whole(worker.jobsDone), "\(worker.model.name) \(worker.model.precision)", "\(worker.silentMs) ms ago",
            ])
        }
        return table.lines(width: width)
    }

    private static func counters(_ status: ProtoAdminStatusResponse, _ width: Int?) -> [String] {
        var table = TextTable([.init("COUNTER", isFlexible: true), .init("TOTAL", .right), .init("PER MINUTE", .right)])
        for (name, value) in status.counters.sorted(by: { $0.key < $1.key }) {
            // Numbers of the moment have no rate.
            let grows = name.hasSuffix("_total") && status.uptimeS > 0
            let rate = grows ? ResultReport.fixed(value * 60 / status.uptimeS, digits: 1) : "-"
            table.append([name, whole(value), rate])
        }
        return table.lines(width: width)
    }

    static func whole(_ value: Double) -> String { ResultReport.fixed(value, digits: 0) }

    private static func megabytes(_ bytes: Double) -> String { ResultReport.fixed(bytes / 1e6, digits: 1) + " MB" }

    /// Seconds as the two largest units: `3 h 12 min`.
    static func time(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "an unknown time" }
        let whole = Int(seconds)
        switch whole {
        case ..<60: return "\(ResultReport.fixed(seconds, digits: 1)) s"
        case ..<3600: return "\(whole / 60) min \(whole % 60) s"
        case ..<86_400: return "\(whole / 3600) h \(whole % 3600 / 60) min"
        default: return "\(whole / 86_400) d \(whole % 86_400 / 3600) h"
        }
    }
}
