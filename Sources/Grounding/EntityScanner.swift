// SPDX-License-Identifier: MIT

/// Finds the entities of a text from left to right, as the reference's regular expression does, in linear time.
struct EntityScanner {
    struct Found {
        /// The text between the phrase tags; for a box without a phrase the reference's stand-in, its two indices.
        var phrase: [Unicode.Scalar]
        /// Where the phrase stands in the text; empty, before `<object>`, when there is none.
        var span: Range<Int>
        var boxes: [GroundedText.Box]
    }

    private let text: [Unicode.Scalar]
    /// The stretches of the text that became entities.
    private(set) var matched: [Range<Int>] = []

    init(_ text: [Unicode.Scalar]) {
        self.text = text
    }

    mutating func scan() -> [Found] {
        var found: [Found] = []
        var index = 0
        while index < text.count {
            guard text[index] == "<", let (entities, end) = entity(at: index) else {
                index += 1
                continue
            }
            found += entities
            matched.append(index..<end)
            index = end
        }
        return found
    }

    /// The entities that start here: one for a phrase, one for each box without a phrase.
    private func entity(at start: Int) -> ([Found], end: Int)? {
        if let phrase = phrase(at: start), let (pairs, end) = object(at: phrase.end) {
            return ([Found(phrase: Array(text[phrase.span]), span: phrase.span, boxes: pairs)], end)
        }
        guard let (pairs, end) = object(at: start) else { return nil }
        let entities = pairs.map { pair in
            let name = "<patch_index_\(pair.patches.upperLeft)><patch_index_\(pair.patches.lowerRight)>"
            return Found(phrase: Array(name.unicodeScalars), span: start..<start, boxes: [pair])
        }
        return (entities, end)
    }

    /// `<phrase>`, at least one scalar, no "<", `</phrase>`.
    private func phrase(at start: Int) -> (span: Range<Int>, end: Int)? {
        guard let begin = literal(Tag.phrase.rawValue, at: start) else { return nil }
        var index = begin
        while index < text.count, text[index] != "<" { index += 1 }
        guard index > begin, let end = literal(Tag.endPhrase.rawValue, at: index) else { return nil }
        return (begin..<index, end)
    }

    /// `<object>`, pairs joined by the delimiter, `</object>`.
    private func object(at start: Int) -> ([GroundedText.Box], end: Int)? {
        guard var index = literal(Tag.object.rawValue, at: start) else { return nil }
        var pairs: [GroundedText.Box] = []
        while true {
            guard let (first, middle) = location(at: index), let (second, after) = location(at: middle) else {
                return nil
            }
            pairs.append(Self.box(first, second))
            if let next = literal(Tag.delimiter.rawValue, at: after) {
                index = next
            } else {
                guard let end = literal(Tag.endObject.rawValue, at: after) else { return nil }
                return (pairs, end)
            }
        }
    }

    /// A location as it is written: of an index too long for an integer, still its column and its row.
    private struct Location {
        var index = 0
        var column = 0
        var value = 0.0

        mutating func append(_ digit: Int) {
            index = min(index * 10 + digit, 1_000_000_000)
            column = (column * 10 + digit) % LocationGrid.side
            value = value * 10 + Double(digit)
        }

        var cell: (x: Double, y: Double) {
            (Double(column), (value / Double(LocationGrid.side)).rounded(.down))
        }
    }

    private static func box(_ first: Location, _ last: Location) -> GroundedText.Box {
        GroundedText.Box(
            patches: PatchPair(upperLeft: first.index, lowerRight: last.index),
            normalized: LocationGrid.box(from: first.cell, to: last.cell))
    }

    /// One location token: any number of decimal digits of any script, as the reference takes them.
    private func location(at start: Int) -> (Location, end: Int)? {
        guard let digits = literal("<patch_index_", at: start) else { return nil }
        var index = digits
        var location = Location()
        while index < text.count, let digit = Self.decimalDigit(text[index]) {
            location.append(digit)
            index += 1
        }
        guard index > digits, index < text.count, text[index] == ">" else { return nil }
        return (location, index + 1)
    }

    private static func decimalDigit(_ scalar: Unicode.Scalar) -> Int? {
        guard scalar.properties.generalCategory == .decimalNumber, let value = scalar.properties.numericValue else {
            return nil
        }
        return Int(value)
    }

    /// The place after a literal, if it stands here.
    private func literal(_ literal: String, at start: Int) -> Int? {
        var index = start
        for scalar in literal.unicodeScalars {
            guard index < text.count, text[index] == scalar else { return nil }
            index += 1
        }
        return index
    }
}
