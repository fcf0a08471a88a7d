// SPDX-License-Identifier: MIT
import Crypto
public import Foundation

/// A repository of the fake hub: files by commit, and commits by branch and tag.
public struct FakeRepository: Sendable {
    public struct File: Sendable {
        public var bytes: Data
        /// Kept beside git, and sent by the store.
        public var isLarge: Bool

        public init(_ bytes: Data, isLarge: Bool = false) {
            (self.bytes, self.isLarge) = (bytes, isLarge)
        }

        public var sha256: String { Self.hexadecimal(SHA256.hash(data: bytes)) }

        public var gitBlob: String {
            Self.hexadecimal(Insecure.SHA1.hash(data: Data("blob \(bytes.count)\0".utf8) + bytes))
        }

        /// What the cache calls it.
        public var blob: String { isLarge ? sha256 : gitBlob }

        private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
            digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
    }

    public enum Admission: Sendable {
        case everybody
        /// Whoever has this token; to others it is not there.
        case token(String)
        /// Seen by all, fetched by those whom the owner let in, with this token.
        case gated(String)
    }

    public let name: String
    public var commits: [String: [String: File]]
    /// Branches and tags.
    public var refs: [String: String]
    public var admission = Admission.everybody
    /// Whether listings have sizes and hashes, as the hub's own have.
    public var listsHashes = true
    /// Whether small files lie at another path of the hub, which it sends to.
    public var sendsAround = false

    public init(_ name: String, commits: [String: [String: File]], refs: [String: String]) {
        (self.name, self.commits, self.refs) = (name, commits, refs)
    }

    /// One commit, which is `main`.
    public init(_ name: String, _ files: [String: File], commit: String = FakeRepository.firstCommit) {
        self.init(name, commits: [commit: files], refs: ["main": commit])
    }

    public static let firstCommit = String(repeating: "a1", count: 20)
    public static let secondCommit = String(repeating: "b2", count: 20)

    /// A folder's files as a repository has them; weights and long files are large.
    public static func files(ofFolder folder: String) throws -> [String: File] {
        let manager = FileManager.default
        return try manager.contentsOfDirectory(atPath: folder).reduce(into: [:]) { files, name in
            var isFolder: ObjCBool = false
            guard manager.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder), !isFolder.boolValue,
                let bytes = manager.contents(atPath: "\(folder)/\(name)")
            else { return }
            files[name] = File(bytes, isLarge: name.hasSuffix(".safetensors") || bytes.count > 200_000)
        }
    }
}
