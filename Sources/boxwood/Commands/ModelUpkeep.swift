// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Checkpoints
import Foundation
import Kosmos2
import ModelHub

struct ModelInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "What a model is, where it lies, and what of it is quantised.")

    @Argument(help: "A name or a folder. (default: the model that tasks take)") var model: String?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let target = try ModelTarget(model)
        let checkpoint = try InspectionFiles.checkpoint(target.folder)
        let summary: ModelSummary
        do {
            summary = try ModelSummary(checkpoint, try InspectionFiles.configuration(checkpoint))
        } catch let error as CheckpointError {
            throw CommandFailure(.badInput, error.message)
        }
        let quantized = QuantizedFiles.files(of: checkpoint.revision, in: Program.cacheFolder)
        let report = ModelInspection(summary, folder: target.folder, snapshot: target.snapshot, quantized: quantized)
        if json { try InspectionFiles.printJSON(report) } else { StandardStream.output.print(report.lines) }
    }
}

struct ModelVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read every byte of a model and say whether it is what it should be.",
        discussion: """
            Each file of the cache against the hash that it is called by, weights against the rules of safetensors and against \
            the configuration: every tensor there, of the right shape, and no other. Ends with 65 when something is wrong; \
            `boxwood model pull --repair` fetches it anew.
            """)

    @Argument(help: "A name or a folder. (default: the model that tasks take)") var model: String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let target = try ModelTarget(model, isWhole: false)
        let progress = ProgressLine("reading \(target.folder)")
        let report = try await Blocking.run { Result { try Self.report(target, progress) } }.get()
        progress.finish()
        if json { try InspectionFiles.printJSON(report) } else { StandardStream.output.print(report.lines) }
        guard !report.isFaulty else {
            throw CommandFailure(
                .badInput, "something is wrong with \(model ?? target.folder)",
                hint: target.snapshot.map { "Fetch it anew: boxwood model pull --repair \($0.reference)" })
        }
    }

    private static func report(_ target: ModelTarget, _ progress: ProgressLine) throws -> VerifyReport {
        let files = try HubAccess.translating { () throws(HubError) in
            try target.snapshot.map { snapshot throws(HubError) in
                try SnapshotCheck(snapshot) { file, bytes in
                    progress.enter("\(file.name): \(ByteText.text(bytes)) of \(ByteText.text(file.size ?? 0))")
                }
            }
        }
        guard files?.isFaulty != true else { return VerifyReport(files, tensors: nil) }
        do {
            progress.enter("looking at every tensor")
            _ = try Kosmos2Model(checkpoint: try Checkpoint(folder: target.folder), threads: Program.processors)
            return VerifyReport(files, tensors: .whole)
        } catch {
            return VerifyReport(files, tensors: .damaged("\(error)"))
        }
    }
}

struct ModelQuantizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize", abstract: "Make a model's weights of eight or four bits ahead of time.",
        discussion: "Without it the first process that needs them makes them. Prints the file.")

    @Argument(help: "A name or a folder. (default: the model that tasks take)") var model: String?
    @Option(help: "q8 or q4.") var precision: Precision
    @Option(
        help: ArgumentHelp(
            "Where quantised weights are kept; else BOXWOOD_CACHE, else boxwood in the user's cache folder.",
            valueName: "folder"))
    var cache: String?

    func validate() throws {
        guard precision != .f32 else { throw ValidationError("--precision is q8 or q4; f32 is what the model has") }
    }

    func run() async throws {
        let target = try ModelTarget(model)
        let checkpoint = try InspectionFiles.checkpoint(target.folder)
        let folder = cache ?? Program.cacheFolder
        let progress = ProgressLine("quantising \(target.folder)")
        defer { progress.finish() }
        let failure = await Blocking.run { [precision] () -> String? in
            do {
                _ = try Kosmos2Model(
                    checkpoint: checkpoint, threads: Program.processors, precision: precision, cache: folder
                ) { done, total in progress.enter("quantising the weights: \(done * 100 / total) %") }
                return nil
            } catch {
                return "\(error)"
            }
        }
        if let failure { throw CommandFailure(.badInput, "\(target.folder) cannot be quantised: \(failure)") }
        progress.finish()
        guard let file = QuantizedFiles.file(of: checkpoint.revision, precision, in: folder) else {
            throw CommandFailure(.internalError, "the quantised weights were made, but are not in \(folder)")
        }
        StandardStream.output.print([file.path])
    }
}

struct ModelRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove a model from the cache, with what was quantised of it.",
        discussion: """
            OWNER/NAME is all of it, OWNER/NAME@REVISION one commit and what no other needs. Says what it frees and asks, on a \
            terminal; elsewhere it wants --yes. Other programs that use the cache lose the model as well.
            """)

    @Argument(help: "OWNER/NAME, or OWNER/NAME@REVISION.") var name: String
    @Flag(name: .shortAndLong, help: "Ask nothing.") var yes = false

    func run() throws {
        let (removal, quantized) = try HubAccess.translating { () throws(HubError) in try plan() }
        let freed = removal.bytes + quantized.reduce(0) { $0 + $1.bytes }
        let what = removal.snapshots.map { "\($0.reference) (\($0.commit.short))" }
        let lines =
            [what.isEmpty ? "what is left of \(name)" : what.joined(separator: ", ")]
            + quantized.map { "its weights in \($0.precision.rawValue)" }
        guard try isMeant(lines.joined(separator: ", and ") + ": frees \(ByteText.text(freed))") else {
            StandardStream.error.print(["nothing was removed"])
            return
        }
        try HubAccess.translating { () throws(HubError) in try removal.run() }
        for file in quantized { unlink(file.path) }
        StandardStream.output.print(["freed \(ByteText.text(freed))"])
    }

    private func plan() throws(HubError) -> (ModelRemoval, [QuantizedFiles.File]) {
        let reference = try ModelReference(name)
        let cache = Program.modelCache
        let removal = try ModelRemoval(
            reference.repository, name.contains("@") ? reference.revision : nil, in: cache)
        let kept = cache.snapshots(of: reference.repository).filter { !removal.snapshots.contains($0) }
        let going = Self.revisions(removal.snapshots).subtracting(Self.revisions(kept))
        return (removal, going.sorted().flatMap { QuantizedFiles.files(of: $0, in: Program.cacheFolder) })
    }

    /// What quantised weights are found by; nothing for what cannot be opened.
    private static func revisions(_ snapshots: [CachedSnapshot]) -> Set<String> {
        Set(snapshots.compactMap { try? Checkpoint(folder: $0.folder).revision })
    }

    private func isMeant(_ what: String) throws(CommandFailure) -> Bool {
        let screen = StandardStream.error
        guard !yes else {
            screen.print([TerminalText.line(what)])
            return true
        }
        guard screen.isTerminal, isatty(STDIN_FILENO) == 1 else {
            throw CommandFailure(.usage, "removes \(what)", hint: "Nobody can be asked here; say --yes.")
        }
        screen.write(TerminalText.line("Remove \(what)?") + " [y/N] ")
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }
}
