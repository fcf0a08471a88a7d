// SPDX-License-Identifier: MIT
package import Grounding
import Wire

/// A result as it comes, for a person or a program that reads line by line.
package enum EventReport {
    /// `{"event": {...}}`
    package static func json(_ event: GroundingEvent) -> String { #"{"event":\#(ResultJSON.compact(event))}"# }

    /// `{"result": {...}}`, the last line.
    package static func json(_ result: GroundingResult) -> String { #"{"result":\#(ResultJSON.compact(result))}"# }

    /// A line for each box; none for what is only text, which ``ending(_:asked:)`` shows whole.
    package static func lines(_ event: GroundingEvent) -> [String] {
        guard let entity = event.entity else { return [] }
        let name = TerminalText.line(entity.label ?? entity.phrase) + (entity.source == .request ? " (given)" : "")
        return entity.boxes.map { box in
            let edges = [box.pixels.xmin, box.pixels.ymin, box.pixels.xmax, box.pixels.ymax]
            let score = box.score.map { "  " + ResultReport.fixed($0, digits: 2) } ?? ""
            return name + "  [" + edges.map { ResultReport.fixed($0, digits: 0) }.joined(separator: " ") + "]" + score
        }
    }

    /// What is left to say once all boxes were shown.
    package static func ending(_ result: GroundingResult, asked: GroundingTask) -> [String] {
        var lines: [String] = []
        if result.task != .detect, !result.caption.isEmpty { lines.append(TerminalText.line(result.caption)) }
        if result.caption.isEmpty, result.entities.allSatisfy(\.boxes.isEmpty) { lines.append("nothing found") }
        return lines + ResultReport.missing(result, asked)
    }
}
