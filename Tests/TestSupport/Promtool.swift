// SPDX-License-Identifier: MIT
import Foundation

/// Prometheus's own judge of what is exported, and of rules: in `.tools`, where `dev/setup.sh` puts it, or installed.
public enum Promtool {
    public static let path: String? = [
        Goldens.packageRoot + "/.tools/promtool", "/usr/bin/promtool", "/usr/local/bin/promtool",
    ].first { FileManager.default.isExecutableFile(atPath: $0) }

    public static let isInstalled = path != nil

    /// What `promtool ARGUMENTS` says about a text that it reads.
    public static func run(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path!)
        process.arguments = arguments
        let (words, asked) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError, process.standardInput) = (words, words, asked)
        try process.run()
        // Longer than a pipe holds: written while it reads, and it says little.
        try asked.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try asked.fileHandleForWriting.close()
        let output = words.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
