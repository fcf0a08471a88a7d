// SPDX-License-Identifier: MIT

/// Puts together what was found of one label in a picture and in its tiles.
///
/// Greedily, best first: a box is left out where it overlaps a better one as much as the same object would, and where it
/// lies in a better one of another part, or around it, as a box of half an object or of two does. Boxes are not averaged: the
/// alternatives are in docs/decisions/0010-tiles.md.
public enum TileMerging {
    /// The overlap, intersection over union, from which on two boxes are one object.
    public static let duplicate = 0.5
    /// The share of the smaller of two boxes from different parts, from which on they are one object.
    public static let contained = 0.6

    /// A box of the picture, and which part of it showed it: 0 for the whole, then the tiles in their order.
    public struct Found: Sendable, Hashable {
        public var box: NormalizedBox
        public var score: Double
        public var part: Int

        public init(box: NormalizedBox, score: Double, part: Int) {
            self.box = box
            self.score = score
            self.part = part
        }
    }

    /// The places in `found` of the boxes that stay, best first; of equal scores the earlier part, then the box further up
    /// and to the left.
    public static func kept(_ found: [Found]) -> [Int] {
        var kept: [Int] = []
        for index in found.indices.sorted(by: { goesBefore(found[$0], found[$1]) })
        where kept.allSatisfy({ !isSame(found[$0], found[index]) }) {
            kept.append(index)
        }
        return kept
    }

    /// An order of boxes, not of their places in a list: so the result does not depend on these.
    private static func goesBefore(_ a: Found, _ b: Found) -> Bool {
        if a.score != b.score { return a.score > b.score }
        if a.part != b.part { return a.part < b.part }
        return [a.box.ymin, a.box.xmin, a.box.ymax, a.box.xmax].lexicographicallyPrecedes([
            b.box.ymin, b.box.xmin, b.box.ymax, b.box.xmax,
        ])
    }

    private static func isSame(_ a: Found, _ b: Found) -> Bool {
        a.box.overlap(with: b.box) >= duplicate || a.part != b.part && a.box.shareOfSmaller(with: b.box) >= contained
    }
}
