// SPDX-License-Identifier: MIT
import Crypto
import Foundation

/// The hash that a file of a repository is known by, which is also what the cache calls it: SHA-256 of the bytes for files that
/// the hub keeps beside git, else git's own name of a blob.
public enum BlobDigest: Hashable, Sendable, CustomStringConvertible {
    case sha256(String)
    case gitBlob(String)

    /// - Returns: `nil` for anything but 64 or 40 lower-case hexadecimal digits.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.allSatisfy(Hexadecimal.isDigit) else { return nil }
        switch text.utf8.count {
        case 64: self = .sha256(String(text))
        case 40: self = .gitBlob(String(text))
        default: return nil
        }
    }

    public var text: String {
        switch self {
        case .sha256(let text), .gitBlob(let text): text
        }
    }

    public var description: String {
        switch self {
        case .sha256(let text): "SHA-256 \(text)"
        case .gitBlob(let text): "git blob \(text)"
        }
    }

    /// Bytes that are read and hashed at a time.
    private static let chunk = 1 << 20

    /// The digest, of the same kind, that the file really has.
    /// - Parameter onProgress: told how many bytes are read; false ends it.
    /// - Returns: `nil` where it was told to end.
    /// - Throws: `inputOutput`.
    func actual(
        ofFile path: String, onProgress: (Int) -> Bool = { _ in true }
    ) throws(HubError) -> BlobDigest? {
        let file = try OpenFile(path, O_RDONLY)
        let size = try file.size()
        switch self {
        case .sha256:
            return try Self.hash(file, SHA256(), onProgress).map { .sha256($0) }
        case .gitBlob:
            var hash = Insecure.SHA1()
            hash.update(data: Data("blob \(size)\0".utf8))
            return try Self.hash(file, hash, onProgress).map { .gitBlob($0) }
        }
    }

    private static func hash(
        _ file: borrowing OpenFile, _ start: some HashFunction, _ onProgress: (Int) -> Bool
    ) throws(HubError) -> String? {
        var hash = start
        var buffer = [UInt8](repeating: 0, count: chunk)
        var done = 0
        while true {
            let count = try file.read(into: &buffer)
            guard count > 0 else { break }
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            done += count
            guard onProgress(done) else { return nil }
        }
        return Hexadecimal.text(hash.finalize())
    }
}
