// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Checkpoints
import Foundation
import Kosmos2

/// The parts of the engine one by one, for those who compare it with another implementation.
struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run one part of the engine and look at what it gives.",
        subcommands: [
            InspectModel.self, InspectTokenize.self, InspectParse.self, InspectPreprocess.self, InspectForward.self,
            InspectBoxes.self, InspectMetrics.self,
        ])
}

/// The files that inspection reads and writes.
enum InspectionFiles {
    /// A JSON array of strings.
    static func strings(_ path: String) throws(CommandFailure) -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.noInput, "\(path) cannot be read")
        }
        guard let texts = try? JSONDecoder().decode([String].self, from: data) else {
            throw CommandFailure(.badInput, "\(path) is not a JSON array of strings")
        }
        return texts
    }

    static func printJSON(_ value: some Encodable, sorted: Bool = true) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = sorted ? [.withoutEscapingSlashes, .sortedKeys] : [.withoutEscapingSlashes]
        StandardStream.output.write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
    }

    static func checkpoint(_ folder: String) throws(CommandFailure) -> Checkpoint {
        do {
            return try Checkpoint(folder: folder)
        } catch {
            throw CommandFailure(.badInput, error.message)
        }
    }

    static func configuration(_ checkpoint: Checkpoint) throws(CommandFailure) -> Kosmos2Configuration {
        do {
            return try Kosmos2Configuration(json: checkpoint.json("config.json"))
        } catch {
            throw CommandFailure(.badInput, error.message)
        }
    }

    static func write(
        _ entries: [SafetensorsWriter.Entry], metadata: [String: String] = [:], to path: String
    ) throws(CommandFailure) {
        do {
            try SafetensorsWriter.write(entries, metadata: metadata, to: path)
        } catch {
            throw CommandFailure(.inputOutput, "cannot write \(path)")
        }
    }
}
