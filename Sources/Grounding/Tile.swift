// SPDX-License-Identifier: MIT

/// A part of a picture, in its pixels.
public struct Tile: Sendable, Hashable {
    /// The columns; not empty.
    public let x: Range<Int>
    /// The rows; not empty.
    public let y: Range<Int>
    /// The size of the picture that it is a part of.
    public let width: Int
    public let height: Int

    /// How near an edge a box reaches it, as a fraction of the tile's side: a cell of the grid, which is as near as a
    /// box can be told to end.
    public static let edge = 1 / Double(LocationGrid.side)

    /// - Precondition: the tile lies inside the picture.
    public init(x: Range<Int>, y: Range<Int>, width: Int, height: Int) {
        precondition(
            !x.isEmpty && !y.isEmpty && x.lowerBound >= 0 && y.lowerBound >= 0 && x.upperBound <= width
                && y.upperBound <= height, "tile: \(x) by \(y) of \(width)x\(height) pixels")
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// A box of the tile as a box of the picture.
    public func inPicture(_ box: NormalizedBox) -> NormalizedBox {
        func place(_ value: Double, _ range: Range<Int>, _ whole: Int) -> Double {
            min((Double(range.lowerBound) + value * Double(range.count)) / Double(whole), 1)
        }
        return NormalizedBox(
            xmin: place(box.xmin, x, width), ymin: place(box.ymin, y, height), xmax: place(box.xmax, x, width),
            ymax: place(box.ymax, y, height))
    }

    /// Whether a box of the tile reaches an edge behind which the picture goes on: then so may what it is around, and
    /// the box shows a part of it.
    public func cuts(_ box: NormalizedBox) -> Bool {
        let (near, far) = (Self.edge, 1 - Self.edge)
        return box.xmin <= near && x.lowerBound > 0 || box.xmax >= far && x.upperBound < width
            || box.ymin <= near && y.lowerBound > 0 || box.ymax >= far && y.upperBound < height
    }
}
