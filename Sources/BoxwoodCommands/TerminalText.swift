// SPDX-License-Identifier: MIT

/// Text from a model, a caller or a file, made safe for a terminal.
///
/// A terminal obeys control characters: an escape sequence in a caption could rewrite what stands on the screen. So
/// none reaches it, and neither do the marks that turn the direction of writing.
package enum TerminalText {
    /// One line: line ends and tabs become blanks, other control characters go.
    package static func line(_ text: some StringProtocol) -> String {
        clean(text) { "\n\r\t\u{2028}\u{2029}".unicodeScalars.contains($0) ? " " : nil }
    }

    /// Several lines: line feeds stay, as they do in text of our own.
    package static func block(_ text: some StringProtocol) -> String {
        clean(text) { $0 == "\n" ? "\n" : $0 == "\t" || $0 == "\r" ? " " : nil }
    }

    private static func clean(
        _ text: some StringProtocol, replacement: (Unicode.Scalar) -> Unicode.Scalar?
    ) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let scalar = replacement(scalar) {
                result.append(scalar)
            } else if !isUnsafe(scalar) {
                result.append(scalar)
            }
        }
        return String(result)
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
        // The embeddings, overrides and isolates of the bidirectional algorithm; joiners of words and emoji stay.
        case .format: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        default: false
        }
    }

    /// How many columns a terminal gives the text.
    package static func width(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    /// At most `columns` wide; what is cut off is shown by an ellipsis.
    package static func truncated(_ text: String, to columns: Int) -> String {
        guard width(text) > columns else { return text }
        var result = ""
        var used = 0
        for character in text {
            guard used + width(character) <= columns - 1 else { break }
            result.append(character)
            used += width(character)
        }
        return columns > 0 ? result + "…" : ""
    }

    /// 0 for a mark on its own, 2 for East Asian wide characters and emoji, else 1.
    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if [.nonspacingMark, .enclosingMark, .format].contains(first.properties.generalCategory) { return 0 }
        let hasEmojiStyle = character.unicodeScalars.contains { $0.value == 0xFE0F }
        return hasEmojiStyle || wide.contains { $0.contains(first.value) } ? 2 : 1
    }

    /// The blocks of East Asian Width W and F, and of emoji, in the main.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}
