// SPDX-License-Identifier: MIT
import Foundation

/// A file of a snapshot, as it is on the disk.
public struct CachedFile: Hashable, Sendable {
    public let name: String
    /// `nil` where the link leads nowhere.
    public let size: Int?
    /// What the cache calls its bytes; `nil` for a copy, and for a blob with another name than a hash.
    public let digest: BlobDigest?
    /// The link in the snapshot, or the copy.
    public let path: String
    /// What the link names in the folder of blobs.
    let blob: String?
}

/// One commit of a repository in the cache: a folder of links.
public struct CachedSnapshot: Hashable, Sendable {
    public let repository: RepositoryName
    public let commit: Commit
    /// The branches and tags that mean this commit here.
    public let revisions: [String]
    public let folder: String
    public let files: [CachedFile]

    init(_ layout: CacheLayout, _ commit: Commit, revisions: [String]) {
        repository = layout.repository
        self.commit = commit
        self.revisions = revisions
        folder = layout.snapshot(commit)
        let folder = folder
        files = FileNames.entries(folder).compactMap { name in
            let path = "\(folder)/\(name)"
            let target = FileNames.isLink(path) ? FileNames.target(path) : nil
            let size = FileNames.size(path)
            // Folders inside hold nothing that a model's folder needs.
            guard size != nil || target != nil else { return nil }
            let blob = target.map { ($0 as NSString).lastPathComponent }
            return CachedFile(name: name, size: size, digest: blob.flatMap { BlobDigest($0) }, path: path, blob: blob)
        }
    }

    /// How a person names it: by its branch or tag, else by its commit.
    public var reference: String {
        if revisions.contains("main") { return "\(repository)" }
        return "\(repository)@\(revisions.first ?? commit.short)"
    }

    /// Bytes of all its files; those that it shares with other snapshots too.
    public var bytes: Int { files.reduce(0) { $0 + ($1.size ?? 0) } }

    /// What a model's folder lacks: a file that is not there, or whose link leads nowhere.
    public var missing: [String] {
        let there = Set(files.filter { $0.size != nil }.map(\.name))
        var missing = there.contains("config.json") ? [] : ["config.json"]
        if there.contains(FileChoice.singleWeights) { return missing }
        let index = "\(FileChoice.singleWeights).index.json"
        guard there.contains(index) else { return missing + [FileChoice.singleWeights] }
        missing += shards(index).filter { !there.contains($0) }
        return missing
    }

    private func shards(_ index: String) -> [String] {
        struct Index: Decodable {
            let weightMap: [String: String]

            private enum CodingKeys: String, CodingKey {
                case weightMap = "weight_map"
            }
        }
        let data = FileManager.default.contents(atPath: "\(folder)/\(index)") ?? Data()
        guard let index = try? JSONDecoder().decode(Index.self, from: data) else { return [index] }
        return Set(index.weightMap.values).sorted()
    }
}
