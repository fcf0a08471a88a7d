// SPDX-License-Identifier: MIT

/// The 32 by 32 grid that boxes are written on: 1,024 location indices, row by row from the top left.
///
/// A box is two indices. Decoding follows the reference (`patch_index_to_coordinate` of transformers 5.23): the
/// outer edges of the two cells when they share a row or a column, the centres of both otherwise. So every edge is
/// known to half a cell, 1.6 % of the picture's side.
public enum LocationGrid {
    /// Cells per side.
    public static let side = 32
    /// All indices.
    public static let indices = 0..<side * side

    /// Whether a pair can be a box: both indices on the grid, the lower right one neither above nor left of the other.
    public static func isValid(_ pair: PatchPair) -> Bool {
        indices.contains(pair.upperLeft) && indices.contains(pair.lowerRight)
            && column(pair.lowerRight) >= column(pair.upperLeft) && row(pair.lowerRight) >= row(pair.upperLeft)
    }

    /// The box of a pair, valid or not: an index beyond the grid gives what the reference gives, outside 0...1.
    public static func box(_ pair: PatchPair) -> NormalizedBox {
        box(
            from: (Double(column(pair.upperLeft)), Double(row(pair.upperLeft))),
            to: (Double(column(pair.lowerRight)), Double(row(pair.lowerRight))))
    }

    /// The box of a valid pair with its corners moved by fractions of a cell, each at most to the neighbouring cell.
    ///
    /// Where a corner's move would leave no width, both edges of that direction stay where they were; the same for the
    /// height.
    /// - Parameters:
    ///   - upperLeft: the move of the upper left corner, in cells.
    ///   - lowerRight: the move of the lower right corner, in cells.
    public static func box(
        _ pair: PatchPair, upperLeft: (x: Double, y: Double), lowerRight: (x: Double, y: Double)
    ) -> NormalizedBox {
        let box = box(pair)
        let (xmin, xmax) = moved(box.xmin, by: upperLeft.x, box.xmax, by: lowerRight.x)
        let (ymin, ymax) = moved(box.ymin, by: upperLeft.y, box.ymax, by: lowerRight.y)
        return NormalizedBox(xmin: xmin, ymin: ymin, xmax: xmax, ymax: ymax)
    }

    /// Two opposite edges, moved by so many cells, inside the picture and in order.
    private static func moved(
        _ first: Double, by firstMove: Double, _ last: Double, by lastMove: Double
    ) -> (Double, Double) {
        let edges = (
            min(max(first + firstMove / Double(side), 0), 1), min(max(last + lastMove / Double(side), 0), 1)
        )
        return edges.0 < edges.1 ? edges : (first, last)
    }

    /// The box between two cells, each a column and a row.
    static func box(from first: (x: Double, y: Double), to last: (x: Double, y: Double)) -> NormalizedBox {
        let cell = 1 / Double(side)
        if first.x == last.x || first.y == last.y {
            return NormalizedBox(
                xmin: first.x * cell, ymin: first.y * cell, xmax: last.x * cell + cell, ymax: last.y * cell + cell)
        }
        let half = cell / 2
        return NormalizedBox(
            xmin: first.x * cell + half, ymin: first.y * cell + half, xmax: last.x * cell + half,
            ymax: last.y * cell + half)
    }

    /// The pair that a box is written with, as the reference's processor writes it: the cell that the upper left
    /// corner lies in, and the last cell that begins before the lower right corner. Outside 0...1 the indices are off the
    /// grid.
    /// - Precondition: the coordinates are finite and at most `PhraseBoxes.largestCoordinate` from 0.
    public static func pair(_ box: NormalizedBox) -> PatchPair {
        precondition(
            box.array.allSatisfy { abs($0) <= PhraseBoxes.largestCoordinate }, "LocationGrid.pair: \(box.array)")
        let size = Double(side)
        let left = (box.xmin * size).rounded(.down)
        let top = (box.ymin * size).rounded(.down)
        let right = (box.xmax * size - 1).rounded(.up)
        let bottom = (box.ymax * size - 1).rounded(.up)
        return PatchPair(upperLeft: Int(top * size + left), lowerRight: Int(bottom * size + right))
    }

    /// The pair of a box whose corners may lie on the picture's edge, or beyond: every index on the grid and in order,
    /// whatever the coordinates. What is no number counts as 0.
    public static func clampedPair(_ box: NormalizedBox) -> PatchPair {
        func cell(_ value: Double) -> Int { value > 0 ? Int(min(value, Double(side - 1))) : 0 }
        let size = Double(side)
        let (left, top) = (cell((box.xmin * size).rounded(.down)), cell((box.ymin * size).rounded(.down)))
        let right = max(left, cell((box.xmax * size - 1).rounded(.up)))
        let bottom = max(top, cell((box.ymax * size - 1).rounded(.up)))
        return PatchPair(upperLeft: top * side + left, lowerRight: bottom * side + right)
    }

    static func column(_ index: Int) -> Int { index % side }
    static func row(_ index: Int) -> Int { index / side }
}
