// SPDX-License-Identifier: MIT
import Foundation
import Observability
import Testing

struct MetricTableTests {
    @Test(arguments: Metric.allCases)
    func isNamedAsPrometheusAsksFor(_ metric: Metric) {
        let row = metric.row
        #expect(metric.rawValue.hasPrefix("boxwood_") || metric.rawValue.hasPrefix("process_"))
        #expect(metric.rawValue.hasSuffix("_total") == (row.kind == .counter))
        #expect(row.help.hasSuffix(".") && !row.roles.isEmpty)
        for unit in ["bytes", "seconds", "pixels"] where row.unit == unit && row.kind != .counter {
            #expect(metric.rawValue.hasSuffix("_" + unit))
        }
        for label in row.labels {
            #expect(label.name.allSatisfy { $0.isLowercase || $0 == "_" } && label.name != "le")
            #expect(Set(label.values ?? []).count == label.values?.count ?? 0, "a value twice")
        }
    }

    /// What is written for people is what the program has.
    @Test func theDocumentHasTheTable() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let document = try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
        #expect(
            document.contains(MetricDocument.text),
            "docs/metrics.md has another table; `boxwood inspect metrics` prints the right one")
    }
}

struct HistogramTests {
    @Test func aBoundBelongsToItsBucket() {
        var histogram = Histogram([1, 2])
        for value in [0.5, 1, 1.5, 2, 2.5, .infinity, .nan] { histogram.observe(value) }
        #expect(histogram.counts == [2, 2, 1])
        #expect(histogram.sum == 7.5 && histogram.count == 5)
    }

    @Test func durationsAreInSeconds() {
        var histogram = Histogram([1])
        histogram.observe(.milliseconds(250))
        histogram.observe(.seconds(2))
        #expect(histogram.counts == [1, 1] && histogram.sum == 2.25)
    }
}

struct RateWindowTests {
    @Test func isTheShareOfASecond() {
        var window = RateWindow(seconds: 10)
        window.add(30, at: .seconds(100))
        window.add(20, at: .seconds(101))
        #expect(window.perSecond(at: .seconds(101)) == 5)
        #expect(window.perSecond(at: .seconds(109)) == 5)
        #expect(window.perSecond(at: .seconds(110)) == 2)
        #expect(window.perSecond(at: .seconds(111)) == 0)
        #expect(window.perSecond(at: .seconds(100_000)) == 0)
    }

    @Test func whatIsOldIsForgottenForGood() {
        var window = RateWindow(seconds: 3)
        for second in 0..<50 { window.add(6, at: .seconds(second)) }
        #expect(window.perSecond(at: .seconds(49)) == 6)
        window.add(3, at: .seconds(1000))
        #expect(window.perSecond(at: .seconds(1000)) == 1)
    }
}

struct ProcessFiguresTests {
    @Test func tellsOfThisProcess() {
        let figures = ProcessFigures()
        #expect(figures.residentBytes > 1 << 20 && figures.openFiles > 2)
        #expect(figures.startTime > 1_600_000_000 && figures.startTime <= Date.now.timeIntervalSince1970 + 1)
        #expect(figures.cpuSeconds >= 0)
    }

    @Test func aSystemThatShowsNothingIsZero() {
        let figures = ProcessFigures(root: "/nowhere")
        #expect(figures.residentBytes == 0 && figures.cpuSeconds == 0 && figures.openFiles == 0)
    }

    /// A program may be called anything.
    @Test func readsPastANameWithParentheses() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "proc-\(UUID())")
        try FileManager.default.createDirectory(at: root.appending(path: "self"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        let fields = (4...52).map { "\($0)" }.joined(separator: " ")
        try "7 (a) b (c d) S \(fields)\n".write(
            to: root.appending(path: "self/stat"), atomically: true, encoding: .utf8)
        try "cpu 1\nbtime 1000\n".write(to: root.appending(path: "stat"), atomically: true, encoding: .utf8)
        let figures = ProcessFigures(root: root.path)
        // Fields 14, 15, 22 and 24 of proc_pid_stat(5).
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        #expect(figures.cpuSeconds == 29 / ticks)
        #expect(figures.startTime == 1000 + 22 / ticks)
        #expect(figures.residentBytes == 24 * Int(sysconf(Int32(_SC_PAGESIZE))))
    }
}
