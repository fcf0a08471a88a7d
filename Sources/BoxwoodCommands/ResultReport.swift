// SPDX-License-Identifier: MIT
package import Grounding

/// A result as a person reads it: what was said, and a table of boxes.
package enum ResultReport {
    /// - Parameters:
    ///   - asked: the task that was asked; tells which labels were not found.
    ///   - width: of the terminal; `nil` when the output is no terminal.
    package static func lines(_ result: GroundingResult, asked: GroundingTask, width: Int?) -> [String] {
        var lines: [String] = []
        if result.task != .detect, !result.caption.isEmpty { lines.append(TerminalText.line(result.caption)) }
        let found = table(result)
        if !found.isEmpty { lines += (lines.isEmpty ? [] : [""]) + found.table.lines(width: width) }
        if lines.isEmpty { lines.append("nothing found") }
        return lines + missing(result, asked)
    }

    /// One line for each thing that could not be taken at its word, for the standard error stream.
    package static func warnings(_ result: GroundingResult) -> [String] {
        let cut = result.finishReason == .length ? ["the text was cut at the token limit; see --max-new-tokens"] : []
        return (result.warnings + cut).map { "warning: " + TerminalText.line($0) }
    }

    private struct Found {
        var table: TextTable
        var isEmpty: Bool
    }

    private static func table(_ result: GroundingResult) -> Found {
        var table = TextTable([
            .init(result.task == .detect ? "LABEL" : "PHRASE", isFlexible: true),
            .init("XMIN", .right), .init("YMIN", .right), .init("XMAX", .right), .init("YMAX", .right),
            .init("SCORE", .right),
        ])
        var isEmpty = true
        for entity in result.entities {
            let name = (entity.label ?? entity.phrase) + (entity.source == .request ? " (given)" : "")
            for box in entity.boxes {
                isEmpty = false
                table.append([name] + box.pixels.edges.map(pixel) + [box.score.map { fixed($0, digits: 2) } ?? "-"])
            }
        }
        return Found(table: table, isEmpty: isEmpty)
    }

    static func missing(_ result: GroundingResult, _ asked: GroundingTask) -> [String] {
        let found = result.entities.filter { !$0.boxes.isEmpty }
        let missing: [String]
        switch asked {
        case .detect(let labels):
            let names = Set(found.compactMap(\.label))
            missing = names.isEmpty ? [] : labels.filter { !names.contains($0) }
        case .ground(let sentence, let phrases):
            let scalars = Array(sentence.unicodeScalars)
            missing = phrases.filter { phrase in !found.contains { $0.span == phrase } }.map { phrase in
                String(String.UnicodeScalarView(scalars[phrase]))
            }
        default: missing = []
        }
        return missing.isEmpty ? [] : ["not found: " + missing.map { TerminalText.line($0) }.joined(separator: ", ")]
    }

    private static func pixel(_ value: Double) -> String { fixed(value, digits: 0) }

    /// A number with a fixed count of digits behind the point.
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "-" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = Int((abs(value) * scale).rounded())
        let sign = value < 0 && whole != 0 ? "-" : ""
        guard digits > 0 else { return sign + String(whole) }
        let fraction = String(whole % Int(scale))
        return sign + String(whole / Int(scale)) + "." + String(repeating: "0", count: digits - fraction.count)
            + fraction
    }
}

extension PixelBox {
    /// `[xmin, ymin, xmax, ymax]`.
    fileprivate var edges: [Double] { [xmin, ymin, xmax, ymax] }
}
