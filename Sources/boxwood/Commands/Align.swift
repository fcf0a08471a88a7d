// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Grounding
import Imaging

struct Align: TaskCommand {
    static let configuration = CommandConfiguration(abstract: "Find what a caption speaks of.")

    @Argument(help: .picture) var image: String
    @Argument(help: "Such as \"a dog beside a tree\"; the model chooses its phrases.") var caption: String
    @OptionGroup var scores: ThresholdOptions
    @OptionGroup var options: TaskOptions

    var threshold: Double? { scores.threshold }

    func task(_ header: ImageHeader) -> GroundingTask { .align(caption: caption) }
}
