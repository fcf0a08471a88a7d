// SPDX-License-Identifier: MIT

/// What the owner of a key may be to a broker.
public enum PeerRole: String, Sendable, Hashable, CaseIterable {
    /// Asks for work.
    case client
    /// Does it.
    case worker
    /// Asks for work, and looks after the broker.
    case admin
}

/// Who is behind a connection, as the folder of authorized keys has it.
public struct PeerIdentity: Sendable, Hashable, CustomStringConvertible {
    public let role: PeerRole
    public let name: String
    public let key: CurvePublicKey

    public init(role: PeerRole, name: String, key: CurvePublicKey) {
        self.role = role
        self.name = name
        self.key = key
    }

    public var description: String { "\(role.rawValue) \(name)" }
}

/// What a key may be called: it is part of a file's name.
public enum KeyName {
    public static let longest = 64

    /// 1 to 64 letters, digits, `.`, `_` and `-`, the first of them a letter or digit.
    public static func isValid(_ name: String) -> Bool {
        guard (1...longest).contains(name.utf8.count), let first = name.utf8.first else { return false }
        return isAlphanumeric(first)
            && name.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
