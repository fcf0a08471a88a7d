// SPDX-License-Identifier: MIT

/// Where things are in a cache that is shared with the Python libraries (huggingface_hub, "Understand caching").
///
///     models--OWNER--NAME/refs/main                     the commit that a branch or tag was when it was last looked at
///     models--OWNER--NAME/snapshots/COMMIT/config.json  a symbolic link to ../../blobs/HASH
///     models--OWNER--NAME/blobs/HASH                    the bytes
///     .locks/models--OWNER--NAME/HASH.lock              who writes that blob; flock, there as here
struct CacheLayout: Hashable, Sendable {
    let cache: String
    let repository: RepositoryName

    init(_ cache: String, _ repository: RepositoryName) {
        (self.cache, self.repository) = (cache, repository)
    }

    var folder: String { "\(cache)/\(repository.folderName)" }
    var blobs: String { "\(folder)/blobs" }
    var refs: String { "\(folder)/refs" }
    var snapshots: String { "\(folder)/snapshots" }
    var locks: String { "\(cache)/.locks/\(repository.folderName)" }

    func ref(_ revision: Revision) -> String { "\(refs)/\(revision)" }
    func snapshot(_ commit: Commit) -> String { "\(snapshots)/\(commit)" }
    func blob(_ digest: BlobDigest) -> String { "\(blobs)/\(digest.text)" }
    /// What there is of a blob that is not whole yet.
    func unfinished(_ digest: BlobDigest) -> String { blob(digest) + ".incomplete" }
    func lock(_ digest: BlobDigest) -> String { "\(locks)/\(digest.text).lock" }
    /// What a link in a snapshot says.
    func target(_ digest: BlobDigest) -> String { "../../blobs/\(digest.text)" }
}
