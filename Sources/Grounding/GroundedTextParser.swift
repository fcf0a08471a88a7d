// SPDX-License-Identifier: MIT

/// Takes generated text apart.
///
/// The grammar and the clean-up are the reference's (`clean_text_and_extract_entities_with_bboxes` of transformers
/// 5.23): an entity is an optional `<phrase>TEXT</phrase>` directly followed by `<object>`, pairs of location tokens
/// joined by the delimiter, `</object>`; everything between "<" and ">" is then removed from the text. Spans count
/// Unicode scalars.
public struct GroundedTextParser: Sendable {
    /// What happens to a box that cannot be one.
    public enum Mode: Sendable {
        /// It is dropped, and a warning says so.
        case strict
        /// It is kept, as the reference keeps it.
        case reference
    }

    private let mode: Mode

    public init(_ mode: Mode = .strict) {
        self.mode = mode
    }

    /// - Parameter text: prompt and continuation, or the continuation alone; only what follows the last `</image>` counts.
    public func parse(_ text: String) -> GroundedText {
        let scalars = Self.afterImage(Array(text.unicodeScalars))
        var scanner = EntityScanner(scalars)
        let found = scanner.scan()
        var warnings: [String] = []
        var entities: [GroundedText.Entity] = []
        let tags = TagRemoval(scalars)
        let leading = tags.text.prefix(while: PythonBlank.contains).count
        let caption = PythonBlank.strip(tags.text)
        // The reference lets a span end among the blanks that it takes off the caption's end.
        let last = mode == .strict ? caption.count : .max
        for entity in found {
            let boxes = entity.boxes.filter { accept($0.patches, of: entity.phrase, warnings: &warnings) }
            guard !boxes.isEmpty else { continue }
            let name = PythonBlank.strip(entity.phrase)
            let before = entity.phrase.prefix(while: PythonBlank.contains).count
            let after = entity.phrase.reversed().prefix(while: PythonBlank.contains).count
            let start = tags.position(of: entity.span.lowerBound) - leading + before
            let end = tags.position(of: entity.span.upperBound) - leading - after
            entities.append(.init(name: String(name), start: min(start, last), end: min(end, last), boxes: boxes))
        }
        if mode == .strict { warnings += StrayBoxes(in: scalars, outside: scanner.matched).warnings }
        return GroundedText(caption: String(caption), entities: entities, warnings: warnings)
    }

    private func accept(_ pair: PatchPair, of phrase: [Unicode.Scalar], warnings: inout [String]) -> Bool {
        guard mode == .strict, !LocationGrid.isValid(pair) else { return true }
        let outside = !LocationGrid.indices.contains(pair.upperLeft) || !LocationGrid.indices.contains(pair.lowerRight)
        let reason = outside ? "lies outside the location grid" : "has its corners the wrong way round"
        warnings.append(
            "the box \(pair.upperLeft), \(pair.lowerRight) of \"\(String(PythonBlank.strip(phrase)))\" \(reason) and was dropped"
        )
        return false
    }

    private static func afterImage(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let mark = Array(Tag.endImage.rawValue.unicodeScalars)
        guard scalars.count >= mark.count else { return scalars }
        for start in stride(from: scalars.count - mark.count, through: 0, by: -1)
        where scalars[start] == "<" && scalars[start...].starts(with: mark) {
            return Array(scalars[(start + mark.count)...])
        }
        return scalars
    }
}

/// What Python's `str.strip()` takes off: a few more than Unicode's white space.
enum PythonBlank {
    static func contains(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    static func strip(_ scalars: some BidirectionalCollection<Unicode.Scalar>) -> [Unicode.Scalar] {
        var result = Array(scalars.drop(while: contains))
        while let last = result.last, contains(last) { result.removeLast() }
        return result
    }
}

/// A text without everything between "<" and the next ">" of its line, and where each scalar went.
struct TagRemoval {
    private(set) var text: [Unicode.Scalar] = []
    /// How many scalars of `text` come before each scalar of the original, and before its end.
    private var kept: [Int] = []

    init(_ scalars: [Unicode.Scalar]) {
        kept.reserveCapacity(scalars.count + 1)
        // From the back: where the next ">" is, unless a line ends first.
        var close = [Int](repeating: -1, count: scalars.count + 1)
        for index in scalars.indices.reversed() {
            close[index] = scalars[index] == ">" ? index : scalars[index] == "\n" ? -1 : close[index + 1]
        }
        var index = 0
        while index < scalars.count {
            if scalars[index] == "<", close[index] > index {
                // In a prefix that ends in here the tag has no end yet: nothing of it would be removed.
                kept += (0...close[index] - index).map { text.count + $0 }
                index = close[index] + 1
            } else {
                kept.append(text.count)
                text.append(scalars[index])
                index += 1
            }
        }
        kept.append(text.count)
    }

    /// The position in `text` of what follows the first `index` scalars of the original.
    func position(of index: Int) -> Int { kept[index] }
}
