// SPDX-License-Identifier: MIT

import Foundation

/// What the system says of this process, under the names that Prometheus's own libraries use.
public struct ProcessFigures: Sendable, Hashable {
    public var residentBytes = 0
    public var cpuSeconds = 0.0
    public var openFiles = 0
    /// Since the year 1970.
    public var startTime = 0.0

    /// - Parameter root: where the system shows its processes.
    public init(root: String = "/proc") {
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        // The program's name is in parentheses and may have spaces and parentheses: what follows the last one counts.
        let status = Self.text("\(root)/self/stat").split(separator: ")").last ?? ""
        let fields = status.split(separator: " ")
        if fields.count > 21, ticks > 0 {
            cpuSeconds = ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / ticks
            residentBytes = (Int(fields[21]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
            let boot = Self.text("\(root)/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
            let booted = boot.flatMap { Double($0.dropFirst(6)) } ?? 0
            startTime = booted + (Double(fields[19]) ?? 0) / ticks
        }
        openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/self/fd").count) ?? 0
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

extension MetricSnapshot {
    /// What every process says of itself.
    public mutating func describeProcess(
        version: String, role: MetricRole, spansDropped: Int, _ figures: ProcessFigures = ProcessFigures()
    ) {
        set(.buildInfo, [version, role.rawValue], to: 1)
        set(.residentMemory, to: figures.residentBytes)
        set(.cpuSeconds, to: figures.cpuSeconds)
        set(.openFiles, to: figures.openFiles)
        set(.startTime, to: figures.startTime)
        set(.spansDropped, to: spansDropped)
    }
}
