// SPDX-License-Identifier: MIT

/// An address: `tcp://HOST:PORT`, `ipc://PATH` or `inproc://NAME`.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    public enum Transport: String, Sendable {
        case tcp, ipc, inproc
    }

    public let transport: Transport
    /// What follows `://`.
    public let address: String

    /// The longest path of a local socket; sockaddr_un has 108 bytes, the last of them zero.
    public static let longestPath = 107

    /// - Throws: `endpoint`, saying what is wrong.
    public init(_ text: String) throws(MessagingError) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let transport = Transport(rawValue: String(parts[0])), !parts[1].isEmpty,
            // libzmq would read no further.
            !text.utf8.contains(0)
        else {
            throw MessagingError(
                .endpoint, "\"\(text)\" is no address; write tcp://127.0.0.1:5540 or ipc:///run/boxwood.sock")
        }
        self.transport = transport
        address = String(parts[1])
        switch transport {
        case .tcp: try Self.checkTCP(address)
        case .ipc: try Self.checkPath(address)
        case .inproc: break
        }
    }

    public var description: String { "\(transport.rawValue)://\(address)" }

    /// Whether only this machine can reach it.
    public var isLocal: Bool {
        transport != .tcp || host == "localhost" || host == "[::1]" || isLoopbackNumber
    }

    /// 127.0.0.0/8, written out: `127.example.org` is a name like any other.
    private var isLoopbackNumber: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map(Self.plainByte)
        return parts.count == 4 && parts.allSatisfy { $0 != nil } && parts[0] == 127
    }

    /// A number in the one form that everybody reads alike: 0127 is 87 to the C library, and so in another network.
    private static func plainByte(_ text: Substring) -> UInt8? {
        UInt8(text).flatMap { String($0) == text ? $0 : nil }
    }

    /// This address to listen on.
    /// - Throws: `endpoint` for one that other machines could reach, where connections have no keys.
    public func listenable(hasKeys: Bool) throws(MessagingError) -> Endpoint {
        guard isLocal || hasKeys else {
            throw MessagingError(
                .endpoint,
                "\(self) could be reached from other machines: give the broker keys with --keys FOLDER "
                    + "(see: boxwood keys), or listen on 127.0.0.1 or an ipc:// path")
        }
        return self
    }

    /// This address to connect to.
    /// - Throws: `endpoint` for one beyond this machine, where the connection would have no keys and nobody said that it
    ///   may.
    public func connectable(hasKeys: Bool, allowsPlaintext: Bool) throws(MessagingError) -> Endpoint {
        guard isLocal || hasKeys || allowsPlaintext else {
            throw MessagingError(
                .endpoint,
                "\(self) is on another machine, and everybody on the way could read and change what is said: give a "
                    + "key with --key FILE, or say --plaintext where that is all right")
        }
        return self
    }

    private var host: Substring {
        address.lastIndex(of: ":").map { address[..<$0] } ?? address[...]
    }

    private static func checkTCP(_ address: String) throws(MessagingError) {
        guard let colon = address.lastIndex(of: ":"), colon > address.startIndex else {
            throw MessagingError(.endpoint, "\"tcp://\(address)\" has no port")
        }
        let port = address[address.index(after: colon)...]
        // Digits alone: a number of Swift's may have a sign.
        let isPlain = port.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard port == "*" || UInt16(port) != nil && isPlain else {
            throw MessagingError(.endpoint, "\"\(port)\" is no port; write a number up to 65535, or * for a free one")
        }
    }

    private static func checkPath(_ path: String) throws(MessagingError) {
        guard path.utf8.count <= longestPath else {
            throw MessagingError(.endpoint, "the path of ipc://\(path) is longer than \(longestPath) bytes")
        }
    }
}
