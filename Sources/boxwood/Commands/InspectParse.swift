// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Grounding

struct InspectParse: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse", abstract: "Generated texts to captions, entities and boxes.")

    @Option(help: ArgumentHelp("A JSON array of generated strings.", valueName: "file.json")) var input: String
    @Flag(help: "Keep what the reference keeps: boxes that are none, spans that run backwards.") var reference = false

    func run() throws {
        let parser = GroundedTextParser(reference ? .reference : .strict)
        try InspectionFiles.printJSON(try InspectionFiles.strings(input).map { Parsed(parser.parse($0)) })
    }

    /// The parsed text as it is printed.
    private struct Parsed: Encodable {
        struct Entity: Encodable {
            let name: String
            let span: [Int]
            let boxes: [[Double]]
        }

        let caption: String
        let entities: [Entity]
        let warnings: [String]

        init(_ text: GroundedText) {
            caption = text.caption
            entities = text.entities.map {
                Entity(name: $0.name, span: [$0.start, $0.end], boxes: $0.boxes.map(\.normalized.array))
            }
            warnings = text.warnings
        }
    }
}
