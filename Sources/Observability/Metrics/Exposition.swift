// SPDX-License-Identifier: MIT

/// The text format of Prometheus, version 0.0.4 (prometheus.io, "Exposition formats").
public enum Exposition {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    public static func text(_ snapshot: MetricSnapshot) -> String {
        var text = ""
        for metric in snapshot.metrics {
            let row = metric.row
            text += "# HELP \(metric.rawValue) \(escaped(row.help, quotes: false))\n"
            text += "# TYPE \(metric.rawValue) \(row.kind.name)\n"
            for sample in merged(snapshot.samples[metric] ?? []) { text += lines(metric, row, sample) }
        }
        return text
    }

    /// Series may come to have equal labels by what was not in the table: one series each.
    private static func merged(_ samples: [MetricSnapshot.Sample]) -> [MetricSnapshot.Sample] {
        var seen: [[String]: Int] = [:]
        var result: [MetricSnapshot.Sample] = []
        for sample in samples {
            if let index = seen[sample.labels], case .number(let more) = sample.value,
                case .number(let number) = result[index].value
            {
                result[index].value = .number(number + more)
            } else if seen[sample.labels] == nil {
                seen[sample.labels] = result.count
                result.append(sample)
            }
        }
        return result
    }

    private static func lines(_ metric: Metric, _ row: MetricRow, _ sample: MetricSnapshot.Sample) -> String {
        let labels = zip(row.labels.map(\.name), sample.labels).map { ($0, $1) }
        switch sample.value {
        case .number(let value): return line(metric.rawValue, labels, value)
        case .histogram(let histogram):
            var text = ""
            var count: UInt64 = 0
            for (bound, inBucket) in zip(histogram.bounds + [.infinity], histogram.counts) {
                count += inBucket
                text += line(metric.rawValue + "_bucket", labels + [("le", number(bound))], Double(count))
            }
            text += line(metric.rawValue + "_sum", labels, histogram.sum)
            return text + line(metric.rawValue + "_count", labels, Double(count))
        }
    }

    private static func line(_ name: String, _ labels: [(String, String)], _ value: Double) -> String {
        let inside = labels.map { "\($0)=\"\(escaped($1, quotes: true))\"" }.joined(separator: ",")
        return inside.isEmpty ? "\(name) \(number(value))\n" : "\(name){\(inside)} \(number(value))\n"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    }

    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
