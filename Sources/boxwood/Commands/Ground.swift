// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Grounding
import Imaging

struct Ground: TaskCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the phrases of a sentence.",
        usage: """
            boxwood ground photo.jpg 'a man and <phrase>his dog</phrase>'
            boxwood ground photo.jpg 'a man and his dog' --phrase 'his dog'
            """)

    @Argument(help: .picture) var image: String
    @Argument(help: "The sentence, its phrases marked unless --phrase names them.") var sentence: String
    @Option(help: ArgumentHelp("A phrase of the sentence; may be given many times.", valueName: "text"))
    var phrase: [String] = []
    @OptionGroup var scores: ThresholdOptions
    @OptionGroup var options: TaskOptions

    var threshold: Double? { scores.threshold }

    func task(_ header: ImageHeader) throws(CommandFailure) -> GroundingTask {
        try TaskChoices.ground(sentence, phrases: phrase)
    }
}
