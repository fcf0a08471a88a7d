// SPDX-License-Identifier: MIT

/// The table of metrics for people to read, in Markdown.
public enum MetricDocument {
    public static var text: String {
        MetricRole.allCases.map(section).joined(separator: "\n") + "\n"
            + section(
                "Of all", Metric.allCases.filter { $0.row.roles.count == MetricRole.allCases.count })
    }

    private static func section(_ role: MetricRole) -> String {
        section("Of a \(role.rawValue)", Metric.allCases.filter { $0.row.roles == [role] })
    }

    private static func section(_ title: String, _ metrics: [Metric]) -> String {
        let head = "## \(title)\n\n| name | kind | unit | labels | meaning |\n|---|---|---|---|---|\n"
        return head + metrics.map(line).joined()
    }

    /// Methods and codes have lists of their own.
    private static let mostListed = 14

    private static func line(_ metric: Metric) -> String {
        let row = metric.row
        let labels = row.labels.map { label in
            guard let values = label.values else { return "`\(label.name)`" }
            let words = values.count > mostListed ? "\(values[0]) and the like" : values.joined(separator: ", ")
            return "`\(label.name)`: \(words)"
        }
        return
            "| `\(metric.rawValue)` | \(row.kind.name) | \(row.unit) | \(labels.joined(separator: "; ")) | \(row.help) |\n"
    }
}
