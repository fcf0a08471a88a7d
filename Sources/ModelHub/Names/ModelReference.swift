// SPDX-License-Identifier: MIT

/// A model as people name it: `OWNER/NAME`, or `OWNER/NAME@REVISION`.
public struct ModelReference: Hashable, Sendable, CustomStringConvertible {
    public let repository: RepositoryName
    public let revision: Revision

    public init(_ repository: RepositoryName, _ revision: Revision = .main) {
        (self.repository, self.revision) = (repository, revision)
    }

    /// - Parameter revision: named beside the model; not both.
    public init(_ text: String, revision: String? = nil) throws(HubError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        repository = try RepositoryName(parts[0])
        guard parts.count == 1 || revision == nil else {
            throw HubError(.name, "\"\(text)\" names a revision, and so does --revision")
        }
        let named = parts.count == 2 ? parts[1] : revision
        self.revision = if let named { try Revision(named) } else { .main }
    }

    public var description: String { revision == .main ? "\(repository)" : "\(repository)@\(revision)" }
}
