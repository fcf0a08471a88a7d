// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Foundation
import Inference
import Kosmos2
import Wire
import Worker

/// How fast things are on this machine.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how fast things are on this machine.",
        subcommands: [BenchEngine.self, BenchBroker.self] + BenchParts.all)
}

struct BenchEngine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Time the engine, and what the machine would allow it.",
        discussion: """
            Medians of several repeats, after one that does not count. A machine that does nothing else gives \
            figures to rely on.
            """)

    typealias Options = EngineBenchmarkOptions

    @OptionGroup var model: ModelOptions
    @Option(help: ArgumentHelp("Pictures that are decoded side by side.", valueName: "n")) var batch = 1
    @Option(help: ArgumentHelp("Tokens of each.", valueName: "n")) var tokens = Options.defaultTokens
    @Option(help: ArgumentHelp("Measure a detect of so many labels as well.", valueName: "n")) var labels = 0
    @Option(help: ArgumentHelp("Measure so many jobs side by side as well, such as 1,2,4,8.", valueName: "n,n"))
    var jobs: NumberList?
    @Option(help: ArgumentHelp("How often each thing is measured.", valueName: "n")) var repeats = Options
        .defaultRepeats
    @Option(help: ArgumentHelp("A JPEG or PNG file. (default: a picture made up)", valueName: "file"))
    var image: String?
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if let fault = Options.fault(
            batch: batch, tokens: tokens, labels: labels, repeats: repeats, jobs: jobs?.numbers ?? [])
        {
            throw ValidationError(fault)
        }
    }

    func run() async throws {
        let options = Options(
            modelFolder: try Program.modelFolder(named: model.model), engine: model.engine(threads: Program.processors),
            batch: batch, tokens: tokens, labels: labels, repeats: repeats, jobs: jobs?.numbers ?? [],
            picture: try image.map { path throws(CommandFailure) in try PictureFile.load(path).bytes })
        let progress = ProgressLine("measuring")
        let outcome = await Blocking.run { Self.measure(options, progress) }
        progress.finish()
        let report = try outcome.get()
        if json {
            try InspectionFiles.printJSON(report)
        } else {
            StandardStream.output.print(report.lines)
        }
    }

    private static func measure(
        _ options: Options, _ progress: ProgressLine
    ) -> Result<EngineBenchmarkReport, CommandFailure> {
        do {
            return .success(try EngineBenchmark(options) { progress.enter($0) }.run())
        } catch let error as TaskError {
            return .failure(CommandFailure(RPCStatus(error), endpoint: ""))
        } catch {
            return .failure(CommandFailure(.badInput, "the model cannot be used: \(error)"))
        }
    }
}

/// Numbers with commas between them.
struct NumberList: ExpressibleByArgument {
    let numbers: [Int]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count else { return nil }
    }
}
