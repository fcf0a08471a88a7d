// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Testing

@Suite("Tables")
struct TextTableTests {
    private func table(_ names: [String]) -> TextTable {
        var table = TextTable([.init("NAME", isFlexible: true), .init("SCORE", .right)])
        for name in names { table.append([name, "0.5"]) }
        return table
    }

    @Test("Columns line up, wide characters included")
    func alignment() {
        #expect(
            table(["dog", "漢字", "a longer name"]).lines(width: nil) == [
                "NAME           SCORE",
                "dog              0.5",
                "漢字             0.5",
                "a longer name    0.5",
            ])
    }

    @Test("No line is wider than the terminal, and none longer than it need be", arguments: [20, 24, 40, 200])
    func fits(_ width: Int) {
        let lines = table(["short", String(repeating: "x", count: 100)]).lines(width: width)
        #expect(lines.allSatisfy { TerminalText.width($0) <= width })
        #expect(lines.allSatisfy { $0.last != " " })
    }

    @Test("Of two flexible columns the second is cut only as far as the first could not be")
    func twoFlexible() {
        var table = TextTable([.init("A", isFlexible: true), .init("B", isFlexible: true)])
        table.append([String(repeating: "a", count: 20), String(repeating: "b", count: 20)])
        #expect(table.lines(width: 32)[1] == "aaaaaaaaa…  " + String(repeating: "b", count: 20))
        #expect(table.lines(width: 22)[1] == "aaaaaaa…  bbbbbbbbbbb…")
    }

    @Test("A flexible column keeps its least width on a hopeless terminal")
    func hopeless() {
        let lines = table([String(repeating: "x", count: 100)]).lines(width: 3)
        #expect(lines[1] == String(repeating: "x", count: TextTable.narrowest - 1) + "…    0.5")
    }

    @Test("A cell cannot break its line")
    func cells() {
        #expect(table(["a\nb\u{1B}[2J"]).lines(width: nil)[1] == "a b[2J    0.5")
    }
}
