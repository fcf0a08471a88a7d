// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Checkpoints
import Foundation
import Imaging
import Kosmos2
import Tensors

struct InspectPreprocess: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preprocess",
        abstract: "A picture to what the vision tower reads.",
        discussion: "Writes pixel_u8 [S, S, 3] and pixel_values [1, 3, S, S] as safetensors.")

    @Argument(help: .picture) var image: String
    @Option(help: ArgumentHelp("The model's folder or name; it says what S is.", valueName: "model")) var model: String?
    @Option(help: ArgumentHelp("Where to write.", valueName: "file.safetensors")) var out: String
    @Flag(help: "Decode as the reference does: orientation ignored, 16-bit gray cut off.") var reference = false

    func run() throws {
        let checkpoint = try InspectionFiles.checkpoint(try Program.modelFolder(named: model))
        let side = try InspectionFiles.configuration(checkpoint).vision.imageSize
        let picture = try PictureFile.load(image).bytes
        let bytes: [UInt8]
        do {
            bytes = Preprocessor.squash(
                try ImageDecoder.decode(picture, mode: reference ? .reference : .boxwood), side: side)
        } catch {
            throw CommandFailure(.badInput, "\(image): \(error.message)")
        }
        try InspectionFiles.write(
            [
                .init(name: "pixel_u8", elementType: .uint8, shape: [side, side, 3], bytes: Data(bytes)),
                .init(
                    name: "pixel_values", shape: [1, 3, side, side],
                    values: Preprocessor.normalize(bytes, side: side)),
            ], to: out)
    }
}
