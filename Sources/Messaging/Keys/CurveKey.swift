// SPDX-License-Identifier: MIT

internal import CZeroMQ

/// A public key of CURVE (RFC 26), as 40 characters of Z85 (RFC 32): who somebody is.
public struct CurvePublicKey: Sendable, Hashable, CustomStringConvertible {
    /// 40 characters.
    public let text: String

    /// - Throws: `key` for what is none.
    public init(_ text: String) throws(MessagingError) {
        guard Z85.isKey(text) else { throw MessagingError(.key, "a public key has 40 characters of Z85") }
        self.text = text
    }

    /// - Returns: `nil` unless there are 32 bytes.
    init?(bytes: [UInt8]) {
        guard bytes.count == Z85.keyBytes else { return nil }
        text = Z85.text(of: bytes)
    }

    public var description: String { text }
}

/// The other half of a ``CurvePublicKey``. Printing it shows nothing of it.
public struct CurveSecretKey: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// 40 characters; for the socket and the key's own file.
    let text: String

    init(_ text: String) throws(MessagingError) {
        guard Z85.isKey(text) else { throw MessagingError(.key, "a secret key has 40 characters of Z85") }
        self.text = text
    }

    public var description: String { "a secret key" }
    public var debugDescription: String { description }
}

/// Both halves.
public struct CurveKeyPair: Sendable, Hashable {
    public let publicKey: CurvePublicKey
    public let secretKey: CurveSecretKey

    /// - Throws: `key` where the halves do not belong together.
    init(publicKey: CurvePublicKey, secretKey: CurveSecretKey) throws(MessagingError) {
        var derived = [CChar](repeating: 0, count: Z85.textBytes + 1)
        guard zmq_curve_public(&derived, secretKey.text) == 0 else { throw Curve.unavailable }
        guard Z85.string(derived) == publicKey.text else {
            throw MessagingError(.key, "the public and the secret key do not belong together")
        }
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// A new pair.
    /// - Throws: `key` where libzmq has no CURVE.
    public static func generate() throws(MessagingError) -> CurveKeyPair {
        try Curve.require()
        var open = [CChar](repeating: 0, count: Z85.textBytes + 1)
        var secret = open
        guard zmq_curve_keypair(&open, &secret) == 0 else { throw .last("zmq_curve_keypair") }
        return CurveKeyPair(
            unchecked: try CurvePublicKey(Z85.string(open)), try CurveSecretKey(Z85.string(secret)))
    }

    private init(unchecked publicKey: CurvePublicKey, _ secretKey: CurveSecretKey) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }
}

/// Whether this libzmq can encrypt at all.
public enum Curve {
    public static var isAvailable: Bool { zmq_has("curve") == 1 }

    /// - Throws: `key`, saying what is missing.
    public static func require() throws(MessagingError) {
        guard isAvailable else { throw unavailable }
    }

    static let unavailable = MessagingError(
        .key, "this libzmq was built without CURVE, so connections cannot have keys; install one with libsodium")
}

enum Z85 {
    static let keyBytes = 32
    static let textBytes = 40
    private static let alphabet = Set(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    /// Whether it stands for 32 bytes, and is how they are written.
    static func isKey(_ text: String) -> Bool {
        guard text.utf8.count == textBytes, text.utf8.allSatisfy(alphabet.contains) else { return false }
        var bytes = [UInt8](repeating: 0, count: keyBytes)
        return zmq_z85_decode(&bytes, text) != nil && self.text(of: bytes) == text
    }

    static func text(of bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: textBytes + 1)
        zmq_z85_encode(&text, bytes, keyBytes)
        return string(text)
    }

    static func string(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix(textBytes).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
