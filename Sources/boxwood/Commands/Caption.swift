// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Grounding
import Imaging

struct Caption: TaskCommand {
    static let configuration = CommandConfiguration(abstract: "Say what is in a picture.")

    @Argument(help: .picture) var image: String
    @Flag(help: "A paragraph instead of a sentence.") var detailed = false
    @Flag(help: "Words only: no phrases, no boxes.") var plain = false
    @OptionGroup var options: TaskOptions

    func task(_ header: ImageHeader) -> GroundingTask {
        .caption(detail: detailed ? .detailed : .brief, grounded: !plain)
    }
}

extension ArgumentHelp {
    /// The same for every task.
    static let picture = ArgumentHelp("A JPEG or PNG file, or - for the standard input.")
}
