// SPDX-License-Identifier: MIT

/// Where a text is cut into the words that are encoded one by one. The reference has two ways, and which one depends on
/// how it was asked to load the same files; they differ in blanks at the end of a text, or before a special token.
public enum WordSplitting: Sendable {
    /// At white space, none of which is kept: transformers 5 with a tokenizer's folder (`XLMRobertaTokenizer`).
    case whiteSpace
    /// At each blank, as `tokenizer.json` has it, so that a text that ends with a blank ends with an empty word:
    /// transformers 4, and 5 with a model's folder.
    case blanks

    private static let metaspace: Unicode.Scalar = "\u{2581}"

    /// A text without what the tag behind it swallows: only specials leave the blanks before them alone.
    func text(_ text: Substring, beforeSpecial: Bool) -> Substring {
        guard self == .blanks, !beforeSpecial else { return text }
        let scalars = text.unicodeScalars
        let end = scalars.lastIndex { !$0.properties.isWhitespace }.map(scalars.index(after:)) ?? scalars.startIndex
        return Substring(scalars[..<end])
    }

    /// The words of a normalised text, without the "▁" that each begins with.
    func words(_ text: String.UnicodeScalarView) -> [Substring.UnicodeScalarView] {
        switch self {
        case .whiteSpace: return text.split { $0.properties.isWhitespace || $0 == Self.metaspace }
        case .blanks:
            // Runs of blanks count as one, and one in front is what every text begins with anyway.
            let words = text.split { Self.isBlank($0) }
            return text.last.map(Self.isBlank) == true ? words + [text[text.endIndex...]] : words
        }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == metaspace }
}
