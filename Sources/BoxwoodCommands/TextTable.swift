// SPDX-License-Identifier: MIT

/// Rows and columns as lines of text, no wider than a terminal.
package struct TextTable: Sendable, Hashable {
    package enum Alignment: Sendable, Hashable {
        case left, right
    }

    package struct Column: Sendable, Hashable {
        let title: String
        let alignment: Alignment
        /// Whether its texts may be cut when the lines get too long.
        let isFlexible: Bool

        package init(_ title: String, _ alignment: Alignment = .left, isFlexible: Bool = false) {
            self.title = title
            self.alignment = alignment
            self.isFlexible = isFlexible
        }
    }

    private static let gap = "  "
    /// A flexible column is never cut below this, however narrow the terminal.
    package static let narrowest = 8

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// - Precondition: one text for each column.
    package mutating func append(_ row: [String]) {
        precondition(row.count == columns.count, "table: \(row.count) texts for \(columns.count) columns")
        rows.append(row.map { TerminalText.line($0) })
    }

    /// The title line and one line for each row.
    /// - Parameter width: of the terminal, in columns; `nil` where there is none, and nothing is cut.
    package func lines(width: Int?) -> [String] {
        let widths = fitted(to: width)
        return ([columns.map(\.title)] + rows).map { line($0, widths) }
    }

    private func fitted(to width: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            ([columns[index].title] + rows.map { $0[index] }).map { TerminalText.width($0) }.max() ?? 0
        }
        guard let width else { return widths }
        var excess = widths.reduce(0, +) + Self.gap.count * (columns.count - 1) - width
        for index in columns.indices where columns[index].isFlexible && excess > 0 {
            let narrower = max(min(widths[index], Self.narrowest), widths[index] - excess)
            excess -= widths[index] - narrower
            widths[index] = narrower
        }
        return widths
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = cells.indices.map { index in
            let cell = TerminalText.truncated(cells[index], to: widths[index])
            let blanks = String(repeating: " ", count: widths[index] - TerminalText.width(cell))
            return columns[index].alignment == .left ? cell + blanks : blanks + cell
        }
        let text = padded.joined(separator: Self.gap)
        return String(text.reversed().drop { $0 == " " }.reversed())
    }
}
