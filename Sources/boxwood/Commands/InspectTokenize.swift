// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Tokenization

struct InspectTokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize", abstract: "Texts to token ids; tags in the texts count.")

    @Option(help: ArgumentHelp("A folder with the tokenizer's files, or a model's name.", valueName: "model"))
    var model: String?
    @Option(help: ArgumentHelp("A JSON array of strings.", valueName: "file.json")) var input: String
    @Flag(help: "Split words as tokenizer.json has it, which transformers follows in a model's folder.")
    var reference = false

    func run() throws {
        // A tokenizer without a model will do.
        let folder = try Program.modelFolder(named: model, with: Tokenizer.piecesFile)
        let tokenizer: Tokenizer
        do {
            tokenizer = try Tokenizer(folder: folder)
        } catch {
            throw CommandFailure(.badInput, error.message)
        }
        let splitting: WordSplitting = reference ? .blanks : .whiteSpace
        let texts = try InspectionFiles.strings(input)
        try InspectionFiles.printJSON(texts.map { tokenizer.encode($0, splitting: splitting) })
    }
}
