// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Tokenization

struct InspectTokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize", abstract: "Texts to token ids; tags in the texts count.")

    @Option(help: ArgumentHelp("A folder with the tokenizer's files.", valueName: "folder")) var model: String?
    @Option(help: ArgumentHelp("A JSON array of strings.", valueName: "file.json")) var input: String

    func run() throws {
        let folder = try Program.modelFolder(named: model)
        let tokenizer: Tokenizer
        do {
            tokenizer = try Tokenizer(folder: folder)
        } catch {
            throw CommandFailure(.badInput, error.message)
        }
        try InspectionFiles.printJSON(try InspectionFiles.strings(input).map { tokenizer.encode($0) })
    }
}
