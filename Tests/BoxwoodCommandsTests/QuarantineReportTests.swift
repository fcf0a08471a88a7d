// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Grounding
import Testing
import Wire

struct QuarantineReportTests {
    private var entry: ProtoQuarantineEntry {
        var entry = ProtoQuarantineEntry()
        entry.id = "e-7"
        entry.call = "c\u{1B}[31m"
        entry.method = Method.detect.rawValue
        entry.imageBytes = 12
        entry.losses = 4
        entry.failures = 3
        entry.ageMs = 90_000
        return entry
    }

    @Test func anEmptyOneSaysSo() {
        #expect(QuarantineReport.lines(ProtoQuarantineListResponse(), width: 80) == ["nothing is in quarantine"])
    }

    @Test func theListHasALineForEach() {
        var list = ProtoQuarantineListResponse()
        list.entries = [entry, entry]
        let lines = QuarantineReport.lines(list, width: nil)
        #expect(lines.count == 3)
        for word in ["e-7", "Detect", "4", "12 bytes", "1 min 30 s"] { #expect(lines[1].contains(word), "\(word)") }
    }

    /// The client's words do not reach the terminal as they are.
    @Test(arguments: WireEncoding.allCases)
    func theBodyIsShownAsJSON(_ encoding: WireEncoding) {
        var response = ProtoQuarantineShowResponse()
        response.entry = entry
        response.body.append(contentsOf: TaskRequest(.detect(labels: ["cat"])).body(encoding))
        let lines = QuarantineReport.lines(response)
        #expect(lines.contains { $0.hasPrefix("body: {") && $0.contains("\"cat\"") })
        #expect(lines.contains("workers lost: 4, of which 3 had begun with it"))
        #expect(!lines.joined().unicodeScalars.contains("\u{1B}"))
    }

    @Test func aBodyThatIsNoneIsCounted() {
        var response = ProtoQuarantineShowResponse()
        response.entry = entry
        response.body.append(contentsOf: [0xFF, 0xFF])
        #expect(QuarantineReport.lines(response).last == "body: 2 bytes that are no request")
    }
}
