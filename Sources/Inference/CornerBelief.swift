// SPDX-License-Identifier: MIT

import Grounding

/// What the model believed of one corner of a box when it chose the corner's cell.
///
/// Belief seldom lies in one cell: an edge near a border between cells is written with either. The cells around the
/// chosen one tell how sure the model was, and on which side of the cell's centre the corner lies.
package struct CornerBelief: Sendable, Equatable {
    /// How many cells around the chosen one are looked at, on each side: the corner is expected among them.
    package static let radius = 2
    /// The cells of one row of the window.
    package static let width = 2 * radius + 1
    /// How far the cells lie that touch the chosen one: these are as good as it.
    private static let touching = 1

    /// The chosen location index.
    package var cell: Int
    /// Of the chosen cell, among all tokens; `nil` where nobody asked.
    package var probability: Double?
    /// The window of `width` by `width` cells whose middle is the chosen one, row by row: probabilities among the
    /// locations that the grammar allows, 0 for cells that it does not allow or that are off the grid. Empty where
    /// nothing is known of it.
    package var window: [Double]

    package init(cell: Int, probability: Double? = nil, window: [Double]) {
        precondition(
            window.isEmpty || window.count == Self.width * Self.width, "corner belief: a window of \(window.count)")
        self.cell = cell
        self.probability = probability
        self.window = window
    }

    /// Of the chosen cell, among the locations allowed.
    package var chosen: Double { window.isEmpty ? probability ?? 1 : window[window.count / 2] }

    /// Of the chosen cell and those that touch it together, among the locations allowed.
    package var mass: Double {
        guard !window.isEmpty else { return probability ?? 1 }
        let near = Self.radius - Self.touching...Self.radius + Self.touching
        return window.indices.reduce(0) { sum, index in
            near.contains(index % Self.width) && near.contains(index / Self.width) ? sum + window[index] : sum
        }
    }

    /// Where the corner is expected, in cells from the chosen one: the mean over the window.
    package var offset: (x: Double, y: Double) {
        let total = window.reduce(0, +)
        guard total > 0 else { return (0, 0) }
        var (x, y) = (0.0, 0.0)
        for (index, probability) in window.enumerated() {
            x += probability * Double(index % Self.width - Self.radius)
            y += probability * Double(index / Self.width - Self.radius)
        }
        return (x / total, y / total)
    }

    /// The indices of the window's cells, row by row; `nil` for those off the grid.
    package static func cells(around index: Int) -> [Int?] {
        let (row, column) = (index / LocationGrid.side, index % LocationGrid.side)
        let inside = 0..<LocationGrid.side
        return (row - radius...row + radius).flatMap { y in
            (column - radius...column + radius).map { x in
                inside.contains(x) && inside.contains(y) ? y * LocationGrid.side + x : nil
            }
        }
    }
}
