// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Logging
import ModelHub

/// What this process knows of itself and its surroundings.
enum Program {
    static let version = "0.1.0"

    /// The file this program was started from, links resolved.
    static var path: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    static var processors: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    /// Whoever started this process and watches it; what this one starts is not told of it.
    static func serviceManager(_ logger: Logger) -> ServiceManager {
        let pid = ProcessInfo.processInfo.processIdentifier
        let manager = ServiceManager(environment: environment, pid: pid) {
            logger.warning("the service manager cannot be told", metadata: ["error": "\($0)"])
        }
        for name in ServiceManager.variables { unsetenv(name) }
        return manager
    }

    /// Where files are kept that can be made again.
    static var cacheFolder: String {
        if let named = environment["BOXWOOD_CACHE"], !named.isEmpty { return named }
        let caches = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
        return (caches ?? FileManager.default.temporaryDirectory).appending(path: "boxwood").path
    }

    /// The model folder that is meant, which has at least this file.
    static func modelFolder(named: String?, with file: String = "config.json") throws(CommandFailure) -> String {
        let search = ModelSearch(
            environment: environment[ModelSearch.variable],
            programFolder: URL(fileURLWithPath: path).deletingLastPathComponent().path,
            currentFolder: FileManager.default.currentDirectoryPath,
            exists: { FileManager.default.fileExists(atPath: $0) }, isFolder: isFolder,
            cached: { reference, file throws(HubError) in
                // A tokenizer, say, is used without the weights that a model has beside it.
                guard file != "config.json" else { return try modelCache.modelFolder(reference) }
                let folder = try modelCache.snapshot(reference).folder
                guard FileManager.default.fileExists(atPath: "\(folder)/\(file)") else {
                    throw HubError(.notCached, "\(reference) has no \(file) in \(modelCache.folder)")
                }
                return folder
            })
        return try search.folder(named: named, with: file)
    }

    /// The gateway's page and what belongs to it; `nil` where they are not with the program.
    static var playgroundFolder: String? {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return ["\(folder)/boxwood_Gateway.resources/Playground", "\(folder)/../share/boxwood/playground"].first {
            FileManager.default.fileExists(atPath: $0 + "/openapi.json")
        }
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    static var home: String { FileManager.default.homeDirectoryForCurrentUser.path }

    /// The models that were fetched from the hub, by this program or another.
    static var modelCache: ModelCache { ModelCache(folder: HubSettings.cacheFolder(environment, home: home)) }

    /// Text that is not UTF-8 would be taken for other text, and such a file name for another file's.
    static func checkArguments() throws(CommandFailure) {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            guard String(validatingCString: argument) == nil else { continue }
            throw CommandFailure(.usage, "argument \(index) is not UTF-8 text")
        }
    }

    static func exit(with failure: CommandFailure) -> Never {
        StandardStream.error.write(failure.description + "\n")
        Foundation.exit(failure.status.rawValue)
    }
}
