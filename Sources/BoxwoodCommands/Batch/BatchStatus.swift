// SPDX-License-Identifier: MIT
import Grounding
package import Wire

/// How far a run is, as one line says it, and how it went, as the last lines do. A pure value: the time is told to it.
package struct BatchStatus: Sendable {
    /// How many reasons the summary names.
    private static let shownReasons = 20

    /// All that there are, those of an earlier run included.
    package let total: Int
    /// Results that an earlier run had.
    package let resumed: Int
    package private(set) var done = 0
    package private(set) var failed = 0
    /// In words, with how often and with one key of them, in the order in which they came.
    private var reasons: [(text: String, count: Int, key: String)] = []

    package init(total: Int, resumed: Int) {
        self.total = total
        self.resumed = resumed
    }

    package var left: Int { total - resumed - done - failed }

    package mutating func succeeded() { done += 1 }

    package mutating func failed(_ key: String, _ status: RPCStatus) {
        failed += 1
        let text = Self.reason(status)
        if let index = reasons.firstIndex(where: { $0.text == text }) {
            reasons[index].count += 1
        } else if reasons.count < 1000 {
            reasons.append((text, 1, key))
        }
    }

    /// The code, and what is wrong.
    package static func reason(_ status: RPCStatus) -> String {
        let facts = status.violations.prefix(3).map { "\($0.field) \($0.description)" }
        return "\(status.code.name): \(facts.isEmpty ? status.message : facts.joined(separator: "; "))"
    }

    /// - Parameter elapsed: since the run began.
    package func line(after elapsed: Duration) -> String {
        let seconds = elapsed / .seconds(1)
        let ended = done + failed
        var parts = ["\(resumed + ended) of \(total)"]
        if failed > 0 { parts.append("\(failed) failed") }
        if ended > 0, seconds > 0 {
            parts.append(Self.rate(ended, seconds))
            parts.append("\(PullStatus.time(Int((Double(left) * seconds / Double(ended)).rounded(.up)))) left")
        }
        return parts.joined(separator: ", ")
    }

    package func summary(after elapsed: Duration) -> [String] {
        let seconds = elapsed / .seconds(1)
        var head = "\(done) done, \(failed) failed"
        if resumed > 0 { head += ", \(resumed) done before" }
        if left > 0 { head += ", \(left) left" }
        head += "; \(ResultReport.fixed(seconds, digits: 1)) s"
        if done + failed > 0, seconds > 0 { head += ", \(Self.rate(done + failed, seconds))" }
        let shown = reasons.sorted { $0.count > $1.count }.prefix(Self.shownReasons).map { reason in
            "  \(reason.count) x \(TerminalText.line(reason.text)) (\(TerminalText.line(reason.key)))"
        }
        let rest = reasons.count - shown.count
        return [head] + shown + (rest > 0 ? ["  and \(rest) reasons more"] : [])
    }

    private static func rate(_ count: Int, _ seconds: Double) -> String {
        let rate = Double(count) / seconds
        return rate >= 1 || rate == 0
            ? "\(ResultReport.fixed(rate, digits: 1)) a second" : "\(ResultReport.fixed(rate * 60, digits: 1)) a minute"
    }
}
