// SPDX-License-Identifier: MIT

/// Which files of a repository are fetched: safetensors, the tokenizer's and JSON, of the first folder alone.
///
/// A pure value. Nothing that could run code when it is opened is ever among them: no pickle, whatever it is called, no script.
package enum FileChoice {
    /// The weights in one file, which win over shards as they do for whoever opens the folder.
    static let singleWeights = "model.safetensors"

    /// What is fetched, small things first, the weights at the end.
    /// - Throws: `noWeights` where there are none in a form that is read; `limit`.
    package static func choose(_ listing: RepositoryListing, of repository: RepositoryName) throws(HubError)
        -> [RepositoryListing.Entry]
    {
        let names = Set(listing.entries.map(\.name))
        let chosen = listing.entries.filter { isWanted($0.name, among: names) }
        guard chosen.contains(where: { isWeights($0.name) }), names.contains("config.json") else {
            throw lacking(names, repository)
        }
        guard chosen.count <= HubLimits.files else {
            throw HubError(.limit, "\(repository) has \(chosen.count) files to fetch; the limit is \(HubLimits.files)")
        }
        guard Set(chosen.map(\.name)).count == chosen.count else {
            throw HubError(.answer, "\(repository): the hub lists a file twice")
        }
        return chosen.sorted { rank($0.name) < rank($1.name) }
    }

    /// The configuration tells first whether the rest is worth fetching.
    private static func rank(_ name: String) -> (Int, String) {
        (name == "config.json" ? 0 : isWeights(name) ? 2 : 1, name)
    }

    static func isWeights(_ name: String) -> Bool { name.hasSuffix(".safetensors") }

    private static func isWanted(_ name: String, among names: Set<String>) -> Bool {
        guard isPlain(name) else { return false }
        let isSingle = names.contains(singleWeights)
        if isWeights(name) { return isSingle ? name == singleWeights : isShard(name) }
        if name.hasSuffix(".safetensors.index.json") { return !isSingle && name == "\(singleWeights).index.json" }
        return name.hasSuffix(".json") || name.hasSuffix(".model") || ["vocab.txt", "merges.txt"].contains(name)
    }

    /// As `model-00001-of-00002.safetensors`.
    private static func isShard(_ name: String) -> Bool {
        name.hasPrefix("model-") && name.contains("-of-")
    }

    /// A file of the first folder whose name is what it seems to be.
    private static func isPlain(_ name: String) -> Bool {
        (1...HubLimits.fileNameBytes).contains(name.utf8.count) && !name.hasPrefix(".")
            && name.utf8.allSatisfy {
                (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\")
            }
    }

    private static func lacking(_ names: Set<String>, _ repository: RepositoryName) -> HubError {
        guard names.contains("config.json") else {
            return HubError(.noWeights, "\(repository) has no config.json, so it is no model that can be run")
        }
        let pickled = names.contains { $0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".pth") }
        return HubError(
            .noWeights, "\(repository) has no weights as safetensors",
            hint: pickled
                ? "It has pickled ones, which are programs and are never opened. See whether a later revision has others."
                : nil)
    }
}
