// SPDX-License-Identifier: MIT
public import ArgumentParser
import BoxwoodCommands
import Foundation
import Inference
public import Kosmos2

/// Which model, and how it is computed.
struct ModelOptions: ParsableArguments {
    private static let standardPictureMegabytes = EngineOptions.defaultPictureCacheBytes / 1_000_000

    @Option(
        help: ArgumentHelp(
            "The model's folder, or its name as `boxwood model pull` takes it; else BOXWOOD_MODEL, else "
                + "models/boxwood-nano beside the program or above the current folder.", valueName: "model"))
    var model: String?

    @Option(help: "Of the weights: \(Precision.allCases.map(\.rawValue).joined(separator: ", ")). (default: f32)")
    var precision: Precision?

    @Option(
        help: ArgumentHelp(
            "Where quantised weights are kept; else BOXWOOD_CACHE, else boxwood in the user's cache folder.",
            valueName: "folder"))
    var cache: String?

    @Option(help: ArgumentHelp("Threads of the arithmetic. (default: all processors, shared out)", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Megabytes of pictures that are kept, encoded, for the next task on the same one. (default: \(standardPictureMegabytes))",
            valueName: "n"))
    var pictureCacheMb: Int?

    func validate() throws {
        if let pictureCacheMb, !(0...1_000_000).contains(pictureCacheMb) {
            throw ValidationError("--picture-cache-mb is 0 to 1000000")
        }
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads is 1 to 1024") }
    }

    var isGiven: Bool { model != nil || precision != nil || cache != nil || threads != nil || pictureCacheMb != nil }

    /// - Parameter threads: unless the command line names a number.
    func engine(threads standard: Int) -> EngineOptions {
        EngineOptions(
            threads: threads ?? standard, precision: precision ?? .f32, cacheFolder: cache ?? Program.cacheFolder,
            pictureCacheBytes: (pictureCacheMb ?? Self.standardPictureMegabytes) * 1_000_000)
    }

    /// The same options for a worker's command line.
    func arguments(folder: String, threads standard: Int) -> [String] {
        let options = engine(threads: standard)
        return [
            "--model", folder, "--precision", options.precision.rawValue, "--cache", options.cacheFolder,
            "--threads", String(options.threads),
            "--picture-cache-mb", String(options.pictureCacheBytes / 1_000_000),
        ]
    }
}

extension Precision: ExpressibleByArgument {}
