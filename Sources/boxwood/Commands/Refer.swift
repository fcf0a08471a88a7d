// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Grounding
import Imaging

struct Refer: TaskCommand {
    static let configuration = CommandConfiguration(abstract: "Find the one thing that an expression means.")

    @Argument(help: .picture) var image: String
    @Argument(help: "Such as \"the dog on the left\".") var expression: String
    @OptionGroup var options: TaskOptions

    func task(_ header: ImageHeader) -> GroundingTask { .refer(expression: expression) }
}
