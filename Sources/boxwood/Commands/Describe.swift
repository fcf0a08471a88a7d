// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Grounding
import Imaging

struct Describe: TaskCommand {
    static let configuration = CommandConfiguration(abstract: "Say what is in one part of a picture.")

    @Argument(help: .picture) var image: String
    @Option(
        help: ArgumentHelp("The part, in fractions of the picture: 0,0,1,1 is all of it.", valueName: "x1,y1,x2,y2"))
    var box: String
    @Flag(help: "The box counts pixels.") var pixels = false
    @OptionGroup var options: TaskOptions

    func task(_ header: ImageHeader) throws(CommandFailure) -> GroundingTask {
        .describe(box: try TaskChoices.box(box, pixels: pixels ? header.orientedSize : nil))
    }
}
