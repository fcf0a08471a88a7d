// SPDX-License-Identifier: MIT

import Grounding
import Testing

@Suite("Tiles of a picture")
struct TilingTests {
    static let sizes: [(Int, Int)] = [
        (1, 1), (7, 3), (223, 224), (448, 300), (640, 480), (895, 20), (1344, 1344), (4001, 2999),
    ]
    static let texts: [String] = ["1x1", "2x1", "1x3", "2x2", "3x2", "4x4", "8x2", "2x2+3x3", "auto"]

    @Test("Every pixel lies in a tile of every grid, and no tile beyond the picture", arguments: sizes, texts)
    func coverage(size: (Int, Int), text: String) throws {
        let (width, height) = size
        let tiling: Tiling = try #require(Tiling(text))
        guard case .grids(let grids) = tiling else { return }
        for grid in grids {
            let tiles = Tiling.grids([grid]).tiles(width: width, height: height)
            #expect(tiles.count == min(grid.columns, width) * min(grid.rows, height))
            #expect(Set(tiles).count == tiles.count)
            let columns = tiles.reduce(into: Set<Int>()) { $0.formUnion($1.x) }
            let rows = tiles.reduce(into: Set<Int>()) { $0.formUnion($1.y) }
            #expect(columns == Set(0..<width) && rows == Set(0..<height))
            // Each column of tiles comes with each row of them, so sides that are covered are an area that is.
            #expect(Set(tiles.map(\.x)).count * Set(tiles.map(\.y)).count == tiles.count)
        }
        #expect(
            tiling.tiles(width: width, height: height).count
                == grids.reduce(0) { sum, grid in
                    sum + min(grid.columns, width) * min(grid.rows, height)
                })
    }

    @Test("Neighbours share a quarter of a tile, to a pixel", arguments: [2, 3, 5, 8])
    func overlap(count: Int) {
        let tiles = Tiling.grids([.init(columns: count, rows: 1)]).tiles(width: 3000, height: 10)
        for (a, b) in zip(tiles, tiles.dropFirst()) {
            let shared = Double(a.x.upperBound - b.x.lowerBound)
            #expect(abs(shared - Tiling.overlap * Double(a.x.count)) <= 2)
            #expect(abs(a.x.count - b.x.count) <= 1)
        }
    }

    @Test("A text is read as it is written, anything else is refused")
    func spelling() {
        for text in Self.texts { #expect(Tiling(text)?.text == text) }
        let wrong = [
            "", "2", "x", "2x", "x2", "2x2x2", "-1x2", "2X2", "+", "2x2+", "a", "Auto", "99999x1", "2 x2", "٣x٢",
        ]
        for text in wrong { #expect(Tiling(text) == nil, "\(text)") }
    }

    @Test(
        "The larger a picture, the more tiles it has by itself",
        arguments: [(447, 200, 0), (448, 200, 4), (200, 448, 4), (895, 895, 4), (896, 10, 13), (10_000, 5000, 13)])
    func auto(width: Int, height: Int, count: Int) {
        #expect(Tiling.auto.tiles(width: width, height: height).count == count)
        #expect(count <= TaskLimits.tiles)
    }

    @Test("A box of a tile comes back to where it is in the picture", arguments: sizes, texts)
    func mapping(size: (Int, Int), text: String) throws {
        let (width, height) = size
        let pixels = NormalizedBox(xmin: 0.25, ymin: 0.5, xmax: 0.75, ymax: 1)
        for tile in (try #require(Tiling(text)) as Tiling).tiles(width: width, height: height) {
            let inPicture = tile.inPicture(pixels)
            let back = [
                (inPicture.xmin * Double(width) - Double(tile.x.lowerBound)) / Double(tile.x.count),
                (inPicture.ymin * Double(height) - Double(tile.y.lowerBound)) / Double(tile.y.count),
                (inPicture.xmax * Double(width) - Double(tile.x.lowerBound)) / Double(tile.x.count),
                (inPicture.ymax * Double(height) - Double(tile.y.lowerBound)) / Double(tile.y.count),
            ]
            for (edge, original) in zip(back, pixels.array) { #expect(abs(edge - original) < 1e-9) }
            #expect(inPicture.array.allSatisfy { (0...1).contains($0) })
        }
    }

    @Test("A box is cut at an edge inside the picture, not at the picture's own")
    func cuts() {
        let left = Tile(x: 0..<60, y: 0..<100, width: 100, height: 100)
        let right = Tile(x: 40..<100, y: 0..<100, width: 100, height: 100)
        let wide = NormalizedBox(xmin: 0, ymin: 0, xmax: 0.5, ymax: 1)
        #expect(!left.cuts(wide) && right.cuts(wide))
        for (edge, isCut) in [(1.0, true), (1 - Tile.edge, true), (0.99 - Tile.edge, false)] {
            let box = NormalizedBox(xmin: 0.5, ymin: 0, xmax: edge, ymax: 1)
            #expect(left.cuts(box) == isCut && !right.cuts(box))
        }
        let middle = Tile(x: 10..<20, y: 10..<20, width: 100, height: 100)
        for box in [[0.0, 0.2, 0.5, 0.5], [0.2, 0.0, 0.5, 0.5], [0.2, 0.2, 1, 0.5], [0.2, 0.2, 0.5, 1]] {
            #expect(middle.cuts(NormalizedBox(xmin: box[0], ymin: box[1], xmax: box[2], ymax: box[3])))
        }
    }
}

@Suite("Boxes of a picture and of its tiles")
struct TileMergingTests {
    private func found(_ edges: [Double], _ score: Double, part: Int) -> TileMerging.Found {
        TileMerging.Found(
            box: NormalizedBox(xmin: edges[0], ymin: edges[1], xmax: edges[2], ymax: edges[3]), score: score, part: part
        )
    }

    @Test("Of one object the surest box stays; half an object and a box around two are that object too")
    func same() {
        let whole = found([0.1, 0.1, 0.5, 0.5], 0.9, part: 0)
        #expect(TileMerging.kept([found([0.12, 0.1, 0.5, 0.5], 0.8, part: 1), whole]) == [1])
        #expect(TileMerging.kept([whole, found([0.3, 0.1, 0.5, 0.5], 0.8, part: 1)]) == [0])
        #expect(TileMerging.kept([whole, found([0.1, 0.1, 1, 1], 0.8, part: 1)]) == [0])
        #expect(TileMerging.kept([whole, found([0.6, 0.6, 0.8, 0.8], 0.8, part: 1)]) == [0, 1])
    }

    @Test("In one part a box inside another is an object of its own, as without tiles")
    func onePart() {
        let boxes = [found([0, 0, 1, 1], 0.9, part: 0), found([0.1, 0.1, 0.4, 0.4], 0.8, part: 0)]
        #expect(TileMerging.kept(boxes) == [0, 1])
    }

    @Test("An overlap of a half is one object, and three fifths of the smaller box are")
    func limits() {
        for (edge, count) in [(0.5, 1), (0.49, 2)] {
            #expect(
                TileMerging.kept([found([0, 0, 1, 1], 0.9, part: 0), found([0, 0, edge, 1], 0.8, part: 0)]).count
                    == count)
        }
        for (start, count) in [(0.4, 1), (0.41, 2)] {
            let pair = [found([0, 0, 1, 1], 0.9, part: 0), found([start, 0.9, start + 1, 1], 0.8, part: 1)]
            #expect(TileMerging.kept(pair).count == count, "\(start)")
        }
    }

    @Test("Neither the order of the boxes matters, nor is anything said twice", arguments: 0..<40)
    func order(seed: UInt64) {
        var random = Generator(state: seed)
        let boxes = (0..<30).map { _ in
            let (x, y) = (Double.random(in: 0...0.8, using: &random), Double.random(in: 0...0.8, using: &random))
            let (w, h) = (Double.random(in: 0.05...0.2, using: &random), Double.random(in: 0.05...0.2, using: &random))
            // Few scores, so that many are equal.
            return found(
                [x, y, x + w, y + h], Double(Int.random(in: 1...4, using: &random)) / 4,
                part: Int.random(in: 0...3, using: &random))
        }
        let kept = TileMerging.kept(boxes).map { boxes[$0] }
        for _ in 0..<5 {
            let shuffled = boxes.shuffled(using: &random)
            #expect(TileMerging.kept(shuffled).map { shuffled[$0] } == kept)
        }
        #expect(TileMerging.kept(kept).map { kept[$0] } == kept, "what is left stays")
        for (index, box) in kept.enumerated() {
            for other in kept.dropFirst(index + 1) {
                #expect(box.box.overlap(with: other.box) < TileMerging.duplicate && box.score >= other.score)
            }
        }
        // Nothing is lost without a better box in its place.
        for box in boxes where !kept.contains(box) {
            #expect(kept.contains { $0.score >= box.score && $0.box.shareOfSmaller(with: box.box) > 0.4 })
        }
    }

    /// A small linear congruential generator.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }
}
