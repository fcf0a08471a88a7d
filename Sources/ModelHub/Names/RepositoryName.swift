// SPDX-License-Identifier: MIT

/// A repository of the hub: `microsoft/kosmos-2-patch14-224`.
public struct RepositoryName: Hashable, Sendable, CustomStringConvertible {
    public let owner: String
    public let name: String

    /// - Throws: `name` for a text that the hub would not take for one either.
    public init(_ text: String) throws(HubError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isPart) else {
            throw HubError(
                .name,
                "\"\(text)\" is no name of a model; one is OWNER/NAME, of letters, digits, \"-\", \"_\" and \".\"")
        }
        (owner, name) = (String(parts[0]), String(parts[1]))
    }

    /// A folder of the cache back to its name; `nil` for other folders, and for the hub's oldest repositories, which have no owner.
    init?(folderName: String) {
        guard folderName.hasPrefix(Self.prefix) else { return nil }
        let rest = folderName.dropFirst(Self.prefix.count)
        guard let gap = rest.firstRange(of: "--"),
            let named = try? RepositoryName("\(rest[..<gap.lowerBound])/\(rest[gap.upperBound...])")
        else { return nil }
        self = named
    }

    private static let prefix = "models--"

    /// What the cache calls its folder.
    public var folderName: String { "\(Self.prefix)\(owner)--\(name)" }

    public var description: String { "\(owner)/\(name)" }

    private static func isPart(_ text: Substring) -> Bool {
        guard (1...HubLimits.nameBytes).contains(text.utf8.count), !text.contains("--"), !text.contains("..") else {
            return false
        }
        let ends = [text.utf8.first, text.utf8.last].compactMap { $0 }
        return text.utf8.allSatisfy(isCharacter)
            && ends.allSatisfy { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") }
    }

    private static func isCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
