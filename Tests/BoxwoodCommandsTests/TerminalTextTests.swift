// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Testing

@Suite("Text for a terminal")
struct TerminalTextTests {
    @Test(
        "Control characters never get through",
        arguments: [
            ("plain", "plain"), ("\u{1B}[31mred\u{1B}[0m", "[31mred[0m"), ("a\u{0}b", "ab"), ("a\nb\tc\rd", "a b c d"),
            ("\u{9B}2J", "2J"), ("bell\u{7}", "bell"), ("abc\u{202E}def", "abcdef"), ("a\u{2028}b", "a b"),
            ("\u{1B}]0;title\u{7}x", "]0;titlex"), ("del\u{7F}", "del"), ("ünï 漢字 👩‍👧", "ünï 漢字 👩‍👧"),
        ])
    func line(_ text: String, _ clean: String) {
        #expect(TerminalText.line(text) == clean)
    }

    @Test("Every control character of Unicode is one")
    func allControls() {
        let controls = (0...0x9F).compactMap(Unicode.Scalar.init).filter { $0.properties.generalCategory == .control }
        for control in controls {
            let left = TerminalText.line("a\(Character(control))b").unicodeScalars
            #expect(left.allSatisfy { $0.properties.generalCategory != .control }, "U+\(control.value)")
        }
        #expect(controls.count == 65)
    }

    @Test("Our own text keeps its lines")
    func block() {
        #expect(TerminalText.block("one\ntwo\u{1B}[K\tthree") == "one\ntwo[K three")
    }

    @Test(
        "Width counts columns",
        arguments: [("", 0), ("abc", 3), ("漢字", 4), ("e\u{301}", 1), ("👍", 2), ("한", 2), ("\u{200B}", 0)])
    func width(_ text: String, _ columns: Int) {
        #expect(TerminalText.width(text) == columns)
    }

    @Test(
        "Cutting leaves room for the ellipsis",
        arguments: [
            ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("漢字漢字", 6, "漢字…"), ("漢字漢字", 7, "漢字漢…"),
            ("abc", 1, "…"), ("abc", 0, ""),
        ])
    func truncated(_ text: String, _ columns: Int, _ cut: String) {
        #expect(TerminalText.truncated(text, to: columns) == cut)
        #expect(TerminalText.width(cut) <= columns)
    }
}
