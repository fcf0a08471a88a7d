// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation
import Journal
import Wire

struct JobsCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look at every page and record of a journal that no broker uses.",
        discussion: "Changes nothing. Ends with 65 when something is wrong.")

    @Argument(help: "The journal.") var file: String
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let report: JournalReport
        do throws(JournalError) {
            report = try JournalReport(path: file)
        } catch {
            throw CommandFailure(error)
        }
        if json {
            let value: [String: Any] = [
                "file": file, "whole": report.faults.isEmpty, "jobs": report.jobs, "faults": report.faults,
            ]
            let data = try JSONSerialization.data(
                withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
            StandardStream.output.write(String(decoding: data, as: UTF8.self) + "\n")
        } else {
            let jobs = report.jobs.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key.lowercased())" }
            StandardStream.output.print(["jobs: \(jobs.isEmpty ? "none" : jobs.joined(separator: ", "))"])
            StandardStream.output.print(
                report.faults.isEmpty ? ["the journal is whole"] : report.faults.map(TerminalText.line))
        }
        if let error = report.error { throw CommandFailure(error) }
    }
}

struct JobsExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write what can be read of a journal that no broker uses, one job a line.",
        discussion: """
            JSON as of `jobs get`, with "request" (the method's binary request) and with --pictures "image", both in base64, while the \
            journal has them. Jobs that cannot be read are named on the standard error stream. Changes nothing.
            """)

    @Argument(help: "The journal, damaged or whole.") var file: String
    @Flag(help: "With the pictures of jobs that are not settled.") var pictures = false

    func run() throws {
        do throws(JournalError) {
            let export = try JournalExport(path: file)
            var lost = 0
            for number in 1...max(1, export.last) where try !write(number, of: export) { lost += 1 }
            guard lost == 0 else { throw JournalError(.damaged, "\(file): \(lost) jobs cannot be read") }
        } catch {
            throw CommandFailure(error)
        }
    }

    /// False where it cannot be read.
    private func write(_ number: Int64, of export: JournalExport) throws(JournalError) -> Bool {
        do throws(JournalError) {
            guard let entry = try export.entry(number) else { return true }
            var line = JobJSON.compact(entry.job)
            line.removeLast()
            if let body = entry.body { line += ",\"request\":\"\(Data(body).base64EncodedString())\"" }
            if pictures, let image = entry.image { line += ",\"image\":\"\(Data(image).base64EncodedString())\"" }
            StandardStream.output.write(line + "}\n")
            return true
        } catch {
            guard error.code == .damaged || error.code == .inputOutput else { throw error }
            StandardStream.error.print(["job \(number): \(error.message)"])
            return false
        }
    }
}
