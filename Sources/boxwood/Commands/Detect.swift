// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation
import Grounding
import Imaging

struct Detect: TaskCommand {
    static let configuration = CommandConfiguration(abstract: "Find every instance of some things.")

    @Argument(help: .picture) var image: String
    @Option(name: [.short, .long], help: ArgumentHelp("What to find; may be given many times.", valueName: "text"))
    var label: [String] = []
    @Option(help: ArgumentHelp("A file of labels, one a line; # begins a comment line.", valueName: "file"))
    var labelsFile: String?
    @OptionGroup var scores: ThresholdOptions
    @Option(
        help: ArgumentHelp(
            "Look at overlapping tiles of the picture as well, for small things: auto, columns and rows as 2x2, or "
                + "several grids as 2x2+3x3.", valueName: "grid"),
        transform: tiling)
    var tiles: Tiling?
    @OptionGroup var options: TaskOptions

    var threshold: Double? { scores.threshold }
    var tiling: Tiling? { tiles }

    private static func tiling(_ text: String) throws -> Tiling {
        guard let tiling = Tiling(text) else {
            throw ValidationError("tiles are auto, or columns and rows such as 2x2 or 2x2+3x3")
        }
        return tiling
    }

    func validate() throws {
        guard !label.isEmpty || labelsFile != nil else {
            throw ValidationError("name what to find, with --label or --labels-file")
        }
    }

    func task(_ header: ImageHeader) throws(CommandFailure) -> GroundingTask {
        .detect(labels: label + (try labelsFile.map { path throws(CommandFailure) in try Self.labels(path) } ?? []))
    }

    static func labels(_ path: String) throws(CommandFailure) -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.noInput, "\(path) cannot be read")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw CommandFailure(.badInput, "\(path) is not UTF-8 text")
        }
        return TaskChoices.labels(inFile: text)
    }
}
