// SPDX-License-Identifier: MIT
import Foundation
package import Wire

/// What a person reads of durable jobs.
package enum JobReport {
    /// One job: a line for each thing that is known, its result last.
    package static func lines(_ job: ProtoDurableJob) -> [String] {
        var lines = [
            "job       \(job.id)", "state     \(job.state.name.lowercased())", "task      \(task(job))",
            "submitted \(time(job.submittedMs))",
        ]
        if job.hasSettledMs { lines.append("settled   \(time(job.settledMs))") }
        if !job.isSettled { lines.append("until     \(time(job.deadlineMs))") }
        for (name, text) in [("custom id", job.customID), ("client   ", job.client), ("key      ", job.key)]
        where !text.isEmpty { lines.append("\(name) \(text)") }
        if job.attempts > 0 { lines.append("attempts  \(job.attempts)") }
        if job.interruptions > 0 { lines.append("broker restarts while it ran \(job.interruptions)") }
        if job.hasStatus { lines.append("why       \(RPCStatus(job.status).description)") }
        if job.hasResult, !job.result.caption.isEmpty { lines.append("caption   \(job.result.caption)") }
        if job.hasResult {
            for entity in job.result.entities { lines.append("found     \(entity.phrase): \(entity.boxes.count)") }
        }
        return lines.map(TerminalText.line)
    }

    /// A page of a list, as a table.
    package static func table(_ jobs: [ProtoDurableJob], width: Int?) -> [String] {
        guard !jobs.isEmpty else { return ["no job"] }
        var table = TextTable([
            .init("JOB"), .init("STATE"), .init("TASK"), .init("SUBMITTED"), .init("CUSTOM ID", isFlexible: true),
            .init("WHY", isFlexible: true),
        ])
        for job in jobs {
            table.append([
                job.id, job.state.name.lowercased(), task(job), time(job.submittedMs), TerminalText.line(job.customID),
                job.hasStatus ? TerminalText.line(RPCStatus(job.status).description) : "",
            ])
        }
        return table.lines(width: width)
    }

    /// A time of a job in milliseconds since 1970, in UTC: `2026-01-31T12:00:00Z`.
    package static func time(_ milliseconds: Double) -> String {
        guard milliseconds.isFinite, abs(milliseconds) < 1e14 else { return "an unknown time" }
        return Date(timeIntervalSince1970: milliseconds / 1000).ISO8601Format()
    }

    /// A time from the command line: ISO 8601, or an age such as `2h`, `30m`, `10s`, before now.
    /// - Throws: `usage` for anything else.
    package static func instant(_ text: String, now: Double) throws(CommandFailure) -> Double {
        if let date = try? Date(text, strategy: .iso8601) { return date.timeIntervalSince1970 * 1000 }
        let units: [Character: Double] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        if let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()), number >= 0,
            number.isFinite
        {
            return now - number * unit
        }
        throw CommandFailure(.usage, "\"\(text)\" is no time: it takes 2026-01-31T12:00:00Z, or an age such as 2h")
    }

    private static func task(_ job: ProtoDurableJob) -> String {
        (job.method.split(separator: "/").last.map(String.init) ?? "").lowercased()
    }
}
