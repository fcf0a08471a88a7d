// SPDX-License-Identifier: MIT
public import ArgumentParser
import BoxwoodCommands
import Foundation
public import Grounding

/// What is asked of every picture of a run.
struct BatchTaskOptions: ParsableArguments {
    @Option(help: "\(GroundingTask.Name.allCases.map(\.rawValue).joined(separator: ", ")).")
    var task: GroundingTask.Name?
    @Option(
        name: [.short, .long], help: ArgumentHelp("detect: what to find; may be given many times.", valueName: "text"))
    var label: [String] = []
    @Option(help: ArgumentHelp("detect: a file of labels, one a line; # begins a comment line.", valueName: "file"))
    var labelsFile: String?
    @Option(
        help: ArgumentHelp("ground: the sentence, its phrases marked unless --phrase names them.", valueName: "text"))
    var sentence: String?
    @Option(help: ArgumentHelp("ground: a phrase of the sentence; may be given many times.", valueName: "text"))
    var phrase: [String] = []
    @Option(help: ArgumentHelp("align: the caption.", valueName: "text")) var caption: String?
    @Option(help: ArgumentHelp("refer: what the one thing is called.", valueName: "text")) var expression: String?
    @Option(help: ArgumentHelp("ask: the question.", valueName: "text")) var question: String?
    @Option(help: ArgumentHelp("generate: the raw prompt.", valueName: "text")) var prompt: String?
    @Option(help: ArgumentHelp("describe: the part, in fractions of the picture.", valueName: "x1,y1,x2,y2"))
    var box: String?
    @OptionGroup var scores: ThresholdOptions
    @Option(help: ArgumentHelp("detect: tiles to look at as well: auto, 2x2, 2x2+3x3.", valueName: "grid"))
    var tiles: String?
    @Flag(help: "caption: a paragraph instead of a sentence.") var detailed = false
    @Flag(help: "caption: words only, no phrases, no boxes.") var plain = false
    @Flag(help: "ask: mark phrases of the answer and find them.") var grounded = false

    func words() throws(CommandFailure) -> TaskWords {
        var words = TaskWords(task: task)
        let labels = label + (try labelsFile.map { path throws(CommandFailure) in try Detect.labels(path) } ?? [])
        words.labels = labels.isEmpty && labelsFile == nil ? nil : labels
        words.phrases = phrase.isEmpty ? nil : phrase
        (words.sentence, words.caption, words.expression) = (sentence, caption, expression)
        (words.question, words.prompt, words.threshold) = (question, prompt, scores.threshold)
        words.box = try box.map { text throws(CommandFailure) in try TaskChoices.box(text) }
        if let tiles {
            guard let tiling = Tiling(tiles) else {
                throw CommandFailure(.usage, "tiles are auto, or columns and rows such as 2x2 or 2x2+3x3")
            }
            words.tiles = tiling
        }
        words.detailed = detailed ? true : nil
        words.plain = plain ? true : nil
        words.grounded = grounded ? true : nil
        return words
    }
}

/// Where the results of a run go.
struct BatchOutputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the results go: a file, or a folder for yolo and voc.", valueName: "path"))
    var out: String
    @Option(help: "\(BatchFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: BatchFormat = .jsonl
    @Option(help: ArgumentHelp("Draw the boxes on each picture, into PNG files in this folder.", valueName: "folder"))
    var draw: String?
    @Flag(help: "Go on with what an earlier run left: what has a result is left out, errors are tried again.")
    var resume = false
    @Flag(help: "Replace the results of an earlier run.")
    var overwrite = false
    @Flag(help: "Neither progress nor a summary.")
    var quiet = false

    func validate() throws {
        guard !resume || !overwrite else { throw ValidationError("--resume and --overwrite exclude each other") }
        guard !out.isEmpty else { throw ValidationError("--out is empty") }
    }
}

/// How much of a run is under way at a time.
struct BatchFlowOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Pictures that are worked on at a time.", valueName: "n"))
    var inFlight = BatchLimits.defaultInFlight
    @Option(help: ArgumentHelp("Megabytes of pictures that are in memory at a time.", valueName: "n"))
    var inFlightMb = BatchLimits.defaultMegabytesInFlight
    @Option(
        help:
            "Ask a service that is gone or full again for so long. (default: \(Int(BatchLimits.patience / .seconds(1))))",
        transform: ServiceOptions.Time.init)
    var patience: ServiceOptions.Time?

    func validate() throws {
        guard BatchLimits.inFlight.contains(inFlight) else {
            throw ValidationError(
                "--in-flight is \(BatchLimits.inFlight.lowerBound) to \(BatchLimits.inFlight.upperBound)")
        }
        guard BatchLimits.megabytesInFlight.contains(inFlightMb) else {
            let range = BatchLimits.megabytesInFlight
            throw ValidationError("--in-flight-mb is \(range.lowerBound) to \(range.upperBound)")
        }
    }

    var flow: BatchFlow { BatchFlow(limit: inFlight, byteLimit: inFlightMb << 20) }
}

extension GroundingTask.Name: ExpressibleByArgument {}
extension BatchFormat: ExpressibleByArgument {}
