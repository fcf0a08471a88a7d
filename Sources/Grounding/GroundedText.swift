// SPDX-License-Identifier: MIT

/// Generated text, taken apart: what it says, and which phrases it places where.
public struct GroundedText: Sendable, Hashable {
    /// One box: its two location indices, and where they put it.
    public struct Box: Sendable, Hashable {
        /// An index beyond every grid is kept as the largest integer that the parser tells apart, 10^9.
        public var patches: PatchPair
        /// Outside 0...1 for an index beyond the grid.
        public var normalized: NormalizedBox
    }

    public struct Entity: Sendable, Hashable {
        /// The phrase without blanks around it; for a box without a phrase its two location tokens, spelled out.
        public var name: String
        /// Where the phrase begins and ends in `caption`, in Unicode scalars; alike for a box without a phrase. For a
        /// phrase of nothing but blanks the reference's end lies before its start.
        public var start: Int
        public var end: Int
        public var boxes: [Box]

        /// The span as a range of `caption`; empty where `end` is not beyond `start`.
        public var span: Range<Int> { max(0, start)..<max(0, start, end) }
    }

    /// The text without tags and without blanks at its ends.
    public var caption: String
    public var entities: [Entity]
    /// One sentence for each thing that was dropped.
    public var warnings: [String]
}
