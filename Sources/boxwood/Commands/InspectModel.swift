// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Checkpoints

struct InspectModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "What is in a model folder: sizes, types, parameters.")

    @Option(help: ArgumentHelp("The model's folder or name.", valueName: "model")) var model: String?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let checkpoint = try InspectionFiles.checkpoint(try Program.modelFolder(named: model))
        let summary: ModelSummary
        do {
            summary = try ModelSummary(checkpoint, try InspectionFiles.configuration(checkpoint))
        } catch let error as CheckpointError {
            throw CommandFailure(.badInput, error.message)
        }
        if json {
            try InspectionFiles.printJSON(summary)
        } else {
            StandardStream.output.print(summary.lines)
        }
    }
}
