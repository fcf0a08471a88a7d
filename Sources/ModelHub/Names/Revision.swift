// SPDX-License-Identifier: MIT

/// A branch, a tag or a commit of a repository.
public struct Revision: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public static let main = Revision(checked: "main")

    /// - Throws: `name` for what git would not take for a name, and what would leave the cache's folder.
    public init(_ text: String) throws(HubError) {
        guard Self.isRevision(text) else {
            throw HubError(.name, "\"\(text)\" is no revision; one is a branch, a tag or a commit")
        }
        self.text = text
    }

    private init(checked text: String) { self.text = text }

    public var description: String { text }

    /// The commit that it is, all forty digits of it; `nil` for a name.
    public var commit: Commit? { Commit(text) }

    /// git's own rules (git-check-ref-format), and printable ASCII alone.
    private static func isRevision(_ text: String) -> Bool {
        guard (1...HubLimits.revisionBytes).contains(text.utf8.count), !text.contains(".."), !text.contains("@{"),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"~^:?*[\\".utf8.contains($0) })
        else { return false }
        return text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasPrefix("-") && !$0.hasSuffix(".") && !$0.hasSuffix(".lock")
        }
    }
}

/// A commit: forty hexadecimal digits.
public struct Commit: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 40, text.utf8.allSatisfy(Hexadecimal.isDigit) else { return nil }
        self.text = String(text)
    }

    /// As many digits as people type.
    public var short: String { String(text.prefix(12)) }

    public var description: String { text }
}

enum Hexadecimal {
    /// Of the lower-case digits, which are the only ones that git and the hub write.
    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
