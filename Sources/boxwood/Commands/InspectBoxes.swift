// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation
import Grounding
import Inference
import Wire
import Worker

struct InspectBoxes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boxes",
        abstract: "What the model believes of each box that it writes for a label.",
        discussion: """
            Reads a JSON array of {"image": file, "labels": [text, ...]} and prints one line of JSON for each, with \
            the boxes in the order in which they were written. Every label gets a box, however unlikely, and more \
            until one repeats another; --threshold ends the search where boxes can only score less.
            """)

    @OptionGroup(title: "Model options") var model: ModelOptions
    @Option(help: ArgumentHelp("The pictures and their labels.", valueName: "file.json")) var input: String
    @Option(help: ArgumentHelp("The least score to search for.", valueName: "score"))
    var threshold = 0.0

    /// One picture and what to find in it.
    private struct Question: Decodable, Sendable {
        let image: String
        let labels: [String]
    }

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: input) else {
            throw CommandFailure(.noInput, "\(input) cannot be read")
        }
        guard let questions = try? JSONDecoder().decode([Question].self, from: data) else {
            throw CommandFailure(.badInput, "\(input) is not a JSON array of pictures and labels")
        }
        let folder = try Program.modelFolder(named: model.model)
        let (engineOptions, options) = (
            model.engine(threads: Program.processors), GenerationOptions(threshold: threshold)
        )
        let failure = await Blocking.run { Self.answer(questions, folder, engineOptions, options) }
        if let failure { throw failure }
    }

    private static func answer(
        _ questions: [Question], _ folder: String, _ engineOptions: EngineOptions, _ options: GenerationOptions
    ) -> CommandFailure? {
        do {
            let engine = try Engine(modelFolder: folder, options: engineOptions)
            for question in questions {
                let image = try PictureFile.load(question.image).bytes
                let found = try engine.beliefs(labels: question.labels, options: options, image: image)
                try InspectionFiles.printJSON(zip(question.labels, found).map(Answer.init))
            }
            return nil
        } catch let error as TaskError {
            return CommandFailure(RPCStatus(error), endpoint: "")
        } catch let failure as CommandFailure {
            return failure
        } catch {
            return CommandFailure(.badInput, "the model cannot be used: \(error)")
        }
    }
}

/// A label's boxes as they are printed.
private struct Answer: Encodable {
    let label: String
    let boxes: [Box]

    init(label: String, beliefs: [BoxBelief]) {
        self.label = label
        boxes = beliefs.map(Box.init)
    }

    struct Box: Encodable {
        let object: Double
        let delimiter: Double
        let upperLeft: Corner
        let lowerRight: Corner
        let score: Double
        let reference: [Double]
        let refined: [Double]

        private enum CodingKeys: String, CodingKey {
            case object, delimiter, score, reference, refined
            case upperLeft = "upper_left"
            case lowerRight = "lower_right"
        }

        init(_ belief: BoxBelief) {
            object = belief.object
            delimiter = belief.delimiter
            upperLeft = Corner(belief.upperLeft)
            lowerRight = Corner(belief.lowerRight)
            score = BoxScore.score(belief)
            reference = ScoredBox(belief, decoding: .reference).normalized.array
            refined = ScoredBox(belief, decoding: .refined).normalized.array
        }
    }

    struct Corner: Encodable {
        let cell: Int
        let probability: Double?
        let window: [Double]

        init(_ belief: CornerBelief) {
            cell = belief.cell
            probability = belief.probability
            window = belief.window
        }
    }
}
