// SPDX-License-Identifier: MIT

/// How a large picture is cut into overlapping tiles that are looked at one by one, beside the whole.
///
/// The model sees any picture as a small square, and writes boxes on a grid of 32 cells a side: what is small in the
/// picture is large in a tile.
public enum Tiling: Sendable, Hashable {
    /// The tiles of all these grids.
    case grids([Grid])
    /// Chosen by the picture's size.
    case auto

    /// So many tiles side by side, and so many one above the other.
    public struct Grid: Sendable, Hashable {
        public var columns: Int
        public var rows: Int

        public init(columns: Int, rows: Int) {
            self.columns = columns
            self.rows = rows
        }

        public var count: Int { columns * rows }
    }

    /// What neighbouring tiles share, as a fraction of a tile's side: what is smaller lies whole in one of them.
    public static let overlap = 0.25
    /// `auto` halves a picture whose longer side has so many pixels, and cuts it in three as well from `thirdsFrom` on.
    public static let halvesFrom = 448
    public static let thirdsFrom = 896

    /// `auto`, or grids of columns and rows: `3x2`, `2x2+3x3`; `nil` for anything else. Whether there may be so many
    /// is for `TaskValidation`.
    public init?(_ text: String) {
        if text == "auto" {
            self = .auto
            return
        }
        var grids: [Grid] = []
        for part in text.split(separator: "+", omittingEmptySubsequences: false) {
            guard let grid = Grid(part) else { return nil }
            grids.append(grid)
        }
        self = .grids(grids)
    }

    /// As `init` reads it.
    public var text: String {
        switch self {
        case .auto: "auto"
        case .grids(let grids): grids.map { "\($0.columns)x\($0.rows)" }.joined(separator: "+")
        }
    }

    /// The tiles of a picture, grid by grid and row by row; none for a picture that is small enough.
    /// - Parameters:
    ///   - width: of the oriented picture, in pixels, at least 1.
    ///   - height: the same.
    public func tiles(width: Int, height: Int) -> [Tile] {
        precondition(width > 0 && height > 0, "tiling: a picture of \(width)x\(height) pixels")
        let grids =
            switch self {
            case .grids(let grids): grids
            case .auto: Self.grids(longerSide: max(width, height))
            }
        return grids.flatMap { $0.tiles(width: width, height: height) }
    }

    private static func grids(longerSide: Int) -> [Grid] {
        let halves = Grid(columns: 2, rows: 2)
        if longerSide < halvesFrom { return [] }
        return longerSide < thirdsFrom ? [halves] : [halves, Grid(columns: 3, rows: 3)]
    }
}

extension Tiling.Grid {
    init?(_ text: Substring) {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            (1...4).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard parts.count == 2, isPlain, let columns = Int(parts[0]), let rows = Int(parts[1]) else { return nil }
        self.init(columns: columns, rows: rows)
    }

    /// The tiles of this grid, row by row; a picture of fewer pixels than tiles has one tile for each.
    func tiles(width: Int, height: Int) -> [Tile] {
        let across = Self.parts(of: width, min(columns, width))
        return Self.parts(of: height, min(rows, height)).flatMap { y in
            across.map { Tile(x: $0, y: y, width: width, height: height) }
        }
    }

    /// Equal overlapping parts of `0..<length`, which they cover.
    private static func parts(of length: Int, _ count: Int) -> [Range<Int>] {
        let part = Double(length) / (Double(count) - Double(count - 1) * Tiling.overlap)
        return (0..<count).map { index in
            let start = Double(index) * part * (1 - Tiling.overlap)
            let end = index + 1 == count ? length : Int((start + part).rounded(.up))
            return Int(start)..<min(end, length)
        }
    }
}
