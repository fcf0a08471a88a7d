// SPDX-License-Identifier: MIT
import ArgumentParser
import BoxwoodCommands
import Checkpoints
import Foundation
import Kosmos2
import ModelHub

/// Models by name: in the cache that the Python libraries have too.
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Fetch models by name, look at them, check them, remove them.",
        discussion: """
            A model that was fetched is named like a folder: --model OWNER/NAME, or OWNER/NAME@REVISION. The cache is that \
            of the Hugging Face libraries (HF_HUB_CACHE, HF_HOME); what they have fetched is used, and they use what is \
            fetched here.
            """,
        subcommands: [
            ModelPullCommand.self, ModelListCommand.self, ModelInspectCommand.self, ModelVerifyCommand.self,
            ModelQuantizeCommand.self, ModelRemoveCommand.self,
        ])
}

/// A model that a command is given: a folder, or a name of the cache.
struct ModelTarget {
    let folder: String
    /// What the cache knows of it; `nil` for a folder.
    let snapshot: CachedSnapshot?

    /// - Parameter isWhole: whether a model of which a part is missing is refused.
    init(_ text: String?, isWhole: Bool = true) throws(CommandFailure) {
        guard let text, !Program.isFolder(text), let reference = try? ModelReference(text) else {
            (folder, snapshot) = (try Program.modelFolder(named: text), nil)
            return
        }
        let found: CachedSnapshot
        do {
            if isWhole { _ = try Program.modelCache.modelFolder(reference) }
            found = try Program.modelCache.snapshot(reference)
        } catch {
            throw CommandFailure(error)
        }
        (folder, snapshot) = (found.folder, found)
    }
}

struct ModelPullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetch a model from the hub, or what of it is missing.",
        discussion: """
            Only safetensors, the tokenizer's files and JSON, each checked by its hash. Prints the model's folder. What is \
            interrupted is gone on with the next time. HF_ENDPOINT names another hub, HF_TOKEN says who asks.
            """)

    @Argument(help: "OWNER/NAME, or OWNER/NAME@REVISION.") var name: String
    @Option(help: ArgumentHelp("A branch, a tag or a commit. (default: main)", valueName: "revision"))
    var revision: String?
    @Flag(help: "Read every byte that is there, and fetch again what is damaged.") var repair = false
    @Flag(help: "Say nothing of how it gets on.") var quiet = false
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let (reference, settings) = try HubAccess.translating { () throws(HubError) in
            (try ModelReference(name, revision: revision), try HubAccess.settings())
        }
        let pulled = try await fetch(reference, settings)
        if json {
            try InspectionFiles.printJSON(PulledReport(pulled))
        } else {
            StandardStream.output.print([pulled.folder])
        }
    }

    private func fetch(_ reference: ModelReference, _ settings: HubSettings) async throws -> ModelPull.Pulled {
        let silenced = Program.environment["HF_HUB_DISABLE_PROGRESS_BARS"] == "1"
        let progress = PullProgress("\(reference)", isQuiet: quiet || silenced)
        defer { progress.finish() }
        let pull = ModelPull(reference, settings, agent: "boxwood/\(Program.version)", repairs: repair) {
            progress.note($0)
        }
        let work = Task { try await pull.run { try Self.admit($0, reference) } }
        let signals = StopSignals()
        let stop = Task {
            await signals.first()
            work.cancel()
        }
        defer { stop.cancel() }
        do {
            let pulled = try await work.value
            progress.finish()
            if !quiet { StandardStream.error.print([PulledReport(pulled).line]) }
            return pulled
        } catch let error as HubError {
            progress.finish()
            throw error.code == .cancelled
                ? CommandFailure(.interrupted, "stopped; what is here already is gone on with the next time")
                : CommandFailure(error)
        }
    }

    /// Gigabytes of a model that cannot be run are not worth the way.
    private static func admit(_ configuration: Data, _ reference: ModelReference) throws {
        do {
            _ = try Kosmos2Configuration(json: configuration)
        } catch {
            throw CommandFailure(.badInput, "\(reference) is not fetched: \(error.message)")
        }
    }
}

/// The hub, as the environment has it.
enum HubAccess {
    static func settings() throws(HubError) -> HubSettings {
        try HubSettings(environment: Program.environment, home: Program.home) { path in
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    static func translating<Value>(_ body: () throws(HubError) -> Value) throws(CommandFailure) -> Value {
        do {
            return try body()
        } catch {
            throw CommandFailure(error)
        }
    }
}

struct ModelListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the models in the cache.",
        discussion: "Those that can be run here, whoever fetched them; with --all the others too.")

    @Flag(help: "Models of other kinds too.") var all = false
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let cache = Program.modelCache
        let models = cache.snapshots().map { ModelListing.Row($0, quantizedIn: Program.cacheFolder) }
        let shown = models.filter { all || $0.isOurs }
        if json {
            try InspectionFiles.printJSON(shown)
        } else {
            StandardStream.output.print(ModelListing.lines(shown, width: StandardStream.output.width))
        }
        if shown.isEmpty, !json {
            StandardStream.error.print([
                TerminalText.line("no models in \(cache.folder); fetch one: boxwood model pull OWNER/NAME")
            ])
        }
    }
}
