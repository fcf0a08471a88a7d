// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Logging
import Testing

@Suite("Log lines")
struct LogLineTests {
    private let line = LogLine(
        time: "2026-01-02T03:04:05.678Z", level: .warning, label: "broker", message: "worker lost\nagain",
        metadata: [("name", "a b"), ("pid", "12"), ("text", "\u{1B}[1m\"q\"")])

    @Test("As text: one line without control characters")
    func text() {
        #expect(
            line.text(.text)
                == #"2026-01-02T03:04:05.678Z warning broker: worker lost again name="a b" pid=12 text="[1m\"q\"""#)
    }

    @Test("As JSON: one line that reads back as it was")
    func json() throws {
        let text = line.text(.json)
        #expect(!text.contains("\n") && !text.contains("\u{1B}"))
        let object = try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
        #expect(object["message"] == "worker lost\nagain")
        #expect(object["text"] == "\u{1B}[1m\"q\"")
        #expect(object["level"] == "warning" && object["logger"] == "broker" && object["pid"] == "12")
    }

    @Test(
        "The progress line turns and counts",
        arguments: [(0, "| detect  0.0 s"), (2150, "/ detect  2.1 s"), (61_300, "/ detect  61.3 s")])
    func progress(_ milliseconds: Int, _ text: String) {
        #expect(ProgressLine.text("detect", after: .milliseconds(milliseconds)) == text)
    }
}
