// SPDX-License-Identifier: MIT
package import Foundation

/// What the hub says is in a repository at one commit.
package struct RepositoryListing: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var name: String
        /// `nil` where the listing leaves it out; the head of the file then says it.
        package var size: Int?
        package var digest: BlobDigest?
    }

    package let commit: Commit
    package let entries: [Entry]

    /// - Throws: `answer` for a text that is no listing.
    package init(json: Data, _ reference: ModelReference) throws(HubError) {
        guard let document = try? JSONDecoder().decode(Document.self, from: json),
            let commit = document.sha.flatMap({ Commit($0) })
        else {
            throw HubError(.answer, "\(reference): the hub's listing cannot be read")
        }
        guard reference.revision.commit.map({ $0 == commit }) ?? true else {
            throw HubError(.answer, "\(reference): the hub lists commit \(commit) instead")
        }
        self.commit = commit
        entries = (document.siblings ?? []).map { file in
            // What git keeps of a file that lies beside it is a pointer; the file's own size and hash are `lfs`.
            Entry(
                name: file.rfilename, size: file.lfs?.size ?? file.size,
                digest: (file.lfs.map { $0.sha256 } ?? file.blobId).flatMap { BlobDigest($0) })
        }
    }

    private struct Document: Decodable {
        let sha: String?
        let siblings: [File]?
    }

    private struct File: Decodable {
        let rfilename: String
        let size: Int?
        let blobId: String?
        let lfs: LargeFile?
    }

    private struct LargeFile: Decodable {
        let size: Int
        let sha256: String
    }
}
