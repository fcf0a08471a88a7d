// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Grounding
import Imaging

struct Generate: TaskCommand {
    static let configuration = CommandConfiguration(
        abstract: "Continue a raw prompt, for people who know the model.",
        discussion: "Tags in the prompt, such as <grounding>, <phrase> and <object>, count as tags.")

    @Argument(help: .picture) var image: String
    @Argument(help: "Such as \"<grounding>An image of\".") var prompt: String
    @OptionGroup var options: TaskOptions

    func task(_ header: ImageHeader) -> GroundingTask { .generate(prompt: prompt) }
}
