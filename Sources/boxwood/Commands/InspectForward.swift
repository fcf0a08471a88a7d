// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation
import Grounding
import Inference
import Kosmos2
import Wire
import Worker

struct InspectForward: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward",
        abstract: "Run the model and record every intermediate result.",
        discussion: """
            Writes a safetensors file with the tensors and, in its metadata entry "golden", a JSON document. \
            --image, --text and --bboxes may be repeated, the same number of times, for several rows.
            """)

    @Option(help: ArgumentHelp("The model's folder or name.", valueName: "model")) var model: String?
    @Option(help: ArgumentHelp("A JPEG or PNG file.", valueName: "file")) var image: [String]
    @Option(
        parsing: .unconditionalSingleValue, help: ArgumentHelp("A raw prompt; tags in it count.", valueName: "prompt"))
    var text: [String]
    @Option(
        help: ArgumentHelp(
            "For each <phrase>: null, [ul, lr] (location indices), [x1, y1, x2, y2] (decimals), or a list of these.",
            valueName: "json"))
    var bboxes: [String] = []
    @Option(help: ArgumentHelp("The most tokens to generate.", valueName: "n"))
    var maxNewTokens = ReferenceForwardRequest.defaultMaxNewTokens
    @Option(help: ArgumentHelp("Generate a second time without repeating runs of n tokens; 0: do not.", valueName: "n"))
    var noRepeatNgram = ReferenceForwardRequest.defaultNoRepeatNgram
    @Option(help: ArgumentHelp("Search with so many beams as well.", valueName: "n")) var beams = 0
    @Option(help: "Of the weights: \(Precision.allCases.map(\.rawValue).joined(separator: ", ")).")
    var precision = Precision.f32
    @Option(help: ArgumentHelp("Where quantised weights are kept; else BOXWOOD_CACHE.", valueName: "folder"))
    var cache: String?
    @Option(help: ArgumentHelp("Threads of the arithmetic. (default: all processors)", valueName: "n"))
    var threads: Int?
    @Flag(help: "Decode pictures as the reference does.") var reference = false
    @Option(help: ArgumentHelp("Where to write.", valueName: "file.safetensors")) var out: String

    func run() async throws {
        let request = try request()
        let progress = ProgressLine("running the model")
        defer { progress.finish() }
        let out = out
        let failure = await Blocking.run { Self.record(request, to: out) }
        if let failure { throw failure }
    }

    private static func record(_ request: ReferenceForwardRequest, to out: String) -> CommandFailure? {
        do {
            let (entries, golden) = try ReferenceForward.run(request)
            try InspectionFiles.write(entries, metadata: ["golden": String(decoding: golden, as: UTF8.self)], to: out)
            return nil
        } catch let error as TaskError {
            return CommandFailure(RPCStatus(error), endpoint: "")
        } catch let failure as CommandFailure {
            return failure
        } catch {
            return CommandFailure(.badInput, "the model cannot be used: \(error)")
        }
    }

    private func request() throws(CommandFailure) -> ReferenceForwardRequest {
        var pictures: [ReferenceForwardRequest.Picture] = []
        for path in image {
            let name = URL(fileURLWithPath: path).lastPathComponent
            pictures.append(.init(name: name, bytes: try PictureFile.load(path).bytes))
        }
        return ReferenceForwardRequest(
            modelFolder: try Program.modelFolder(named: model), images: pictures, texts: text, boxes: bboxes,
            maxNewTokens: maxNewTokens, noRepeatNgram: noRepeatNgram, beams: beams, decodesLikeReference: reference,
            threads: threads ?? Program.processors,
            precision: precision, cacheFolder: cache ?? Program.cacheFolder, versions: ["boxwood": Program.version])
    }
}
