// SPDX-License-Identifier: MIT
public import ArgumentParser
import BoxwoodCommands
import Foundation
public import Grounding
import Wire

/// What every task takes beside its own arguments.
struct TaskOptions: ParsableArguments {
    @OptionGroup(title: "Output options") var output: OutputOptions
    @OptionGroup(title: "Service options") var service: ServiceOptions
    @OptionGroup(title: "Generation options") var generation: DecodingOptions
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "Print the result as JSON; the same for every task.")
    var json = false

    @Flag(help: "Print each entity as soon as it is found; with --json a line for each, then the result.")
    var stream = false

    @Option(help: ArgumentHelp("Draw the boxes on the picture and write it as a PNG file.", valueName: "file.png"))
    var draw: String?
}

struct ServiceOptions: ParsableArguments {
    @OptionGroup var at: AddressOptions

    @Option(
        help: "Give up after this long, as in 30, 500ms or 2m. (default: 60; none with --local)", transform: Time.init)
    var timeout: Time?

    @Flag(help: "Nobody waits for it: what is not batch goes before it, for a while.")
    var batch = false

    @Flag(help: "Load the model and answer in this process; no service is needed.")
    var local = false

    @OptionGroup var model: ModelOptions
    @OptionGroup var trace: TraceOptions

    /// A length of time from the command line.
    struct Time {
        let duration: Duration

        init(_ text: String) throws {
            guard let duration = DurationText.parse(text) else {
                throw ValidationError("a time is a number with ms, s or m, such as 500ms or 30")
            }
            self.duration = duration
        }
    }

    var address: String { at.resolved }

    func validate() throws {
        guard local || !model.isGiven else {
            throw ValidationError(
                "--model, --precision, --cache and --threads go with --local; a service has a model of its own")
        }
        guard !local || !batch else { throw ValidationError("--local and --batch exclude each other") }
        guard !local || at.endpoint == nil else { throw ValidationError("--local and --endpoint exclude each other") }
    }
}

struct AddressOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the service is; else BOXWOOD_ENDPOINT, else \(WireLimits.frontEndpoint). Several with commas between "
                + "them: the first that answers, then the next.", valueName: "address"))
    var endpoint: String?
    @OptionGroup var keys: KeyOptions

    /// The address that is meant, or several with commas between them.
    var resolved: String {
        let environment = Program.environment["BOXWOOD_ENDPOINT"] ?? ""
        return endpoint ?? (environment.isEmpty ? WireLimits.frontEndpoint : environment)
    }
}

/// Addresses from the command line, with commas between them.
enum EndpointList {
    static func parse(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " })
        }
    }
}

struct DecodingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The most tokens to generate.", valueName: "n"))
    var maxNewTokens: Int?

    @Option(help: ArgumentHelp("Search with so many beams.", valueName: "n"))
    var beams: Int?

    @Option(help: ArgumentHelp("Draw tokens at random; higher is wilder.", valueName: "t"))
    var temperature: Double?

    @Option(help: ArgumentHelp("Draw only among the likeliest tokens of this total probability.", valueName: "p"))
    var topP: Double?

    @Option(help: ArgumentHelp("The same seed draws the same tokens. (default: 0)", valueName: "n"))
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "Never generate a run of n tokens twice; 0: no such rule. (default: what the model's folder says)",
            valueName: "n"))
    var noRepeatNgram: Int?

    @Option(
        help: ArgumentHelp(
            "refined: corners to a fraction of a grid cell. reference: cells alone, as the reference decodes them.",
            valueName: "way"))
    var boxes: BoxDecoding = .refined

    /// - Parameters:
    ///   - threshold: the least score of a box, for tasks that take one.
    ///   - tiles: for a task that looks at tiles.
    func options(threshold: Double?, tiles: Tiling? = nil) throws(CommandFailure) -> GenerationOptions {
        let decoding = try TaskChoices.decoding(beams: beams, temperature: temperature, topP: topP, seed: seed)
        return GenerationOptions(
            maxNewTokens: maxNewTokens, decoding: decoding, noRepeatNgram: noRepeatNgram, threshold: threshold,
            boxDecoding: boxes, tiles: tiles)
    }
}

extension BoxDecoding: ExpressibleByArgument {}

/// What `detect`, `ground` and `align` take beside.
struct ThresholdOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Leave out boxes that score less, 0 to 1. (default: \(GenerationOptions.detectThreshold) for detect; else "
                + "the likeliest token says what is there)",
            valueName: "score"))
    var threshold: Double?
}
