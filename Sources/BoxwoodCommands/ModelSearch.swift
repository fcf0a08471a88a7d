// SPDX-License-Identifier: MIT
package import ModelHub

/// Where the model folder is: the one that is named, the one in the cache that goes by that name, or the nearest of our own.
///
/// A pure value: what the environment says, which files exist and what the cache has is told to it.
package struct ModelSearch {
    package static let variable = "BOXWOOD_MODEL"
    package static let embedded = "models/boxwood-nano"

    /// Of the environment variable; `nil` or empty when unset.
    package var environment: String?
    /// The folder that the program lies in.
    package var programFolder: String
    package var currentFolder: String
    /// Whether a file exists.
    package var exists: (String) -> Bool
    package var isFolder: (String) -> Bool
    /// The folder in the cache that a name means, which holds that file.
    package var cached: (ModelReference, _ file: String) throws(HubError) -> String

    package init(
        environment: String?, programFolder: String, currentFolder: String, exists: @escaping (String) -> Bool,
        isFolder: @escaping (String) -> Bool, cached: @escaping (ModelReference, String) throws(HubError) -> String
    ) {
        self.environment = environment
        self.programFolder = programFolder
        self.currentFolder = currentFolder
        self.exists = exists
        self.isFolder = isFolder
        self.cached = cached
    }

    /// - Parameter named: what the command line names; the only place looked at when there is one.
    /// - Parameter file: what makes a folder the one that is looked for.
    /// - Throws: `badInput`, with every place that was looked at.
    package func folder(named: String?, with file: String = "config.json") throws(CommandFailure) -> String {
        if let found = try byName(named ?? environment, file) { return found }
        let places = places(named: named)
        if let found = places.first(where: { exists($0 + "/" + file) }) { return found }
        throw CommandFailure(
            .badInput,
            (["no model found; looked for \(file) in"] + places.map { "  " + $0 }).joined(separator: "\n"),
            hint: "Name a model or its folder with --model or \(Self.variable).")
    }

    /// The folder of a model of the cache; `nil` for what is a folder here, and for what is no name.
    private func byName(_ given: String?, _ file: String) throws(CommandFailure) -> String? {
        guard let given, !exists(given + "/" + file), !isFolder(given), let reference = try? ModelReference(given)
        else {
            return nil
        }
        do {
            return try cached(reference, file)
        } catch {
            guard error.code == .notCached else { throw CommandFailure(error) }
            throw CommandFailure(.badInput, "no folder \(given) is here, and \(error.message)", hint: error.hint)
        }
    }

    private func places(named: String?) -> [String] {
        if let named { return [named] }
        if let environment, !environment.isEmpty { return [environment] }
        let beside = [programFolder + "/" + Self.embedded, programFolder + "/../share/boxwood/" + Self.embedded]
        let above = Self.ancestors(of: currentFolder) + Self.ancestors(of: programFolder).dropFirst()
        return beside + above.map { $0 == "/" ? "/" + Self.embedded : $0 + "/" + Self.embedded }
    }

    /// The folder itself and all that hold it, the nearest first.
    private static func ancestors(of folder: String) -> [String] {
        var parts = folder.split(separator: "/")
        var result: [String] = []
        while !parts.isEmpty {
            result.append("/" + parts.joined(separator: "/"))
            parts.removeLast()
        }
        return result + ["/"]
    }
}
