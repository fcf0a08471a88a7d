// SPDX-License-Identifier: MIT
import Foundation

/// The models in the cache, whoever fetched them.
public struct ModelCache: Sendable {
    public let folder: String

    /// The fewest digits of a commit that stand for it.
    private static let shortestCommit = 7

    public init(folder: String) { self.folder = folder }

    /// Every snapshot of every model, in the order of their names.
    public func snapshots() -> [CachedSnapshot] {
        FileNames.entries(folder).compactMap { RepositoryName(folderName: $0) }.flatMap { snapshots(of: $0) }
    }

    public func snapshots(of repository: RepositoryName) -> [CachedSnapshot] {
        let layout = CacheLayout(folder, repository)
        let named = refs(layout)
        return FileNames.entries(layout.snapshots).compactMap { Commit($0) }.map { commit in
            CachedSnapshot(layout, commit, revisions: named.filter { $0.commit == commit }.map(\.name))
        }
    }

    /// The snapshot that a name means here: by branch, tag, commit or the beginning of one.
    /// - Throws: `notCached`, with the command that fetches it.
    public func snapshot(_ reference: ModelReference) throws(HubError) -> CachedSnapshot {
        let all = snapshots(of: reference.repository)
        let text = reference.revision.text
        if let found = all.first(where: { $0.revisions.contains(text) || $0.commit.text == text }) { return found }
        let begun = text.utf8.count >= Self.shortestCommit ? all.filter { $0.commit.text.hasPrefix(text) } : []
        if begun.count == 1 { return begun[0] }
        throw HubError(.notCached, missing(reference, all), hint: "Fetch it: \(Self.command(reference))")
    }

    /// The folder of a model that can be opened.
    /// - Throws: `notCached`, also where a part of it is missing.
    public func modelFolder(_ reference: ModelReference) throws(HubError) -> String {
        let snapshot = try snapshot(reference)
        let missing = snapshot.missing
        guard missing.isEmpty else {
            throw HubError(
                .notCached,
                "of \(reference) in \(folder) \(missing.joined(separator: ", ")) "
                    + "\(missing.count == 1 ? "is" : "are") missing",
                hint: "Fetch the rest: \(Self.command(reference))")
        }
        return snapshot.folder
    }

    /// What fetches it.
    static func command(_ reference: ModelReference) -> String {
        let revision = reference.revision == .main ? "" : " --revision \(reference.revision)"
        return "boxwood model pull \(reference.repository)\(revision)"
    }

    private func missing(_ reference: ModelReference, _ all: [CachedSnapshot]) -> String {
        guard let other = all.first else { return "\(reference) is not in \(folder)" }
        let others = all.map(\.reference).joined(separator: ", ")
        return "\(reference) is not in \(folder), only \(all.count == 1 ? other.reference : others)"
    }

    /// Branches and tags, those with slashes too, and their commits.
    private func refs(_ layout: CacheLayout) -> [(name: String, commit: Commit)] {
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: layout.refs)) ?? []
        return paths.sorted().compactMap { name in
            let text = FileNames.text("\(layout.refs)/\(name)")
            return text.flatMap { Commit($0.filter { !$0.isWhitespace }) }.map { (name, $0) }
        }
    }
}
