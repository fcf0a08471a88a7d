// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Grounding
import Imaging

struct Ask: TaskCommand {
    static let configuration = CommandConfiguration(abstract: "Answer a question about a picture.")

    @Argument(help: .picture) var image: String
    @Argument(help: "Such as \"How many dogs are there?\".") var question: String
    @Flag(help: "Mark phrases of the answer and find them.") var grounded = false
    @OptionGroup var options: TaskOptions

    func task(_ header: ImageHeader) -> GroundingTask { .ask(question: question, grounded: grounded) }
}
