// SPDX-License-Identifier: MIT
import Foundation

/// What of the cache goes with a model, and the going of it.
///
/// Names go before what they lead to, so that a removal that is cut short leaves no name that leads nowhere; blobs that another
/// snapshot has as well stay.
public struct ModelRemoval: Sendable {
    public let snapshots: [CachedSnapshot]
    /// Bytes on this disk that are free afterwards.
    public let bytes: Int

    private let layout: CacheLayout
    private let blobs: [String]
    private let isWhole: Bool

    /// - Parameter revision: the one to remove; `nil` for all of the repository, what is left of unfinished pulls too.
    /// - Throws: `notCached`.
    public init(_ repository: RepositoryName, _ revision: Revision?, in cache: ModelCache) throws(HubError) {
        let all = cache.snapshots(of: repository)
        let layout = CacheLayout(cache.folder, repository)
        let going = try revision.map { revision throws(HubError) in
            [try cache.snapshot(ModelReference(repository, revision))]
        }
        let snapshots = going ?? all
        let isWhole = snapshots.count == all.count
        guard !snapshots.isEmpty || FileManager.default.fileExists(atPath: layout.folder) else {
            throw HubError(.notCached, "\(repository) is not in \(cache.folder)")
        }
        let kept = Set(all.filter { !snapshots.contains($0) }.flatMap { $0.files.compactMap(\.blob) })
        let used = Set(snapshots.flatMap { $0.files.compactMap(\.blob) })
        let names = FileNames.entries(layout.blobs).filter { isWhole || (used.contains($0) && !kept.contains($0)) }
        let copies = snapshots.flatMap(\.files).filter { !FileNames.isLink($0.path) }
        bytes =
            names.reduce(0) { $0 + FileNames.ownSize("\(layout.blobs)/\($1)") }
            + copies.reduce(0) { $0 + FileNames.ownSize($1.path) }
        (self.snapshots, self.layout, self.isWhole, blobs) = (snapshots, layout, isWhole, names)
    }

    /// - Throws: `inUse` where a pull writes one of the blobs; `inputOutput`.
    public func run() throws(HubError) {
        try requireIdle()
        for snapshot in snapshots {
            for revision in snapshot.revisions { try FileNames.remove("\(layout.refs)/\(revision)") }
            try removeFolder(snapshot.folder)
        }
        for blob in blobs { try FileNames.remove("\(layout.blobs)/\(blob)") }
        guard isWhole else { return }
        try removeFolder(layout.folder)
        try removeFolder(layout.locks)
    }

    private func requireIdle() throws(HubError) {
        for name in FileNames.entries(layout.locks) {
            let lock = try OpenFile("\(layout.locks)/\(name)", O_RDWR)
            guard try lock.tryLock() else {
                throw HubError(.inUse, "\(layout.repository) is being fetched by another process at this moment")
            }
        }
    }

    private func removeFolder(_ path: String) throws(HubError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw HubError(.inputOutput, "cannot remove \(path)")
        }
    }
}
