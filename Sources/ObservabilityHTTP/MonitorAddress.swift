// SPDX-License-Identifier: MIT

/// What is wrong with how a process is to be watched.
public struct MonitorError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// The address is none, or may not be listened on.
        case address
        /// The file of the token cannot be used.
        case token
        /// The address cannot be listened on now.
        case unavailable
        /// The collector's address is none.
        case collector
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// An address beyond this machine, without a token.
    public static func notAlone(_ address: MonitorAddress) -> MonitorError {
        MonitorError(.address, "\(address) can be reached from other machines: that needs --metrics-token-file")
    }

    /// A gateway's address beyond this machine, without tokens.
    public static func needsTokens(_ address: MonitorAddress) -> MonitorError {
        MonitorError(.address, "\(address) can be reached from other machines: that needs --tokens")
    }
}

/// Where a process answers who watches it: `HOST:PORT`, an IPv6 address in brackets. Port 0 takes a free one.
public struct MonitorAddress: Sendable, Hashable, CustomStringConvertible {
    public let host: String
    public let port: Int

    public init(_ text: String) throws(MonitorError) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw MonitorError(.address, "\"\(text)\" is no address; it is HOST:PORT, as in 127.0.0.1:9464")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard Self.isHost(host) else {
            throw MonitorError(.address, "\"\(text)\" has no host; an address is HOST:PORT, as in 127.0.0.1:9464")
        }
        self.init(host: String(host), port: Int(port))
    }

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// The same host, with the port that was found free.
    package func listening(at port: Int) -> MonitorAddress { MonitorAddress(host: host, port: port) }

    /// The address of one more process of the same service: so many ports further.
    public func next(_ distance: Int) throws(MonitorError) -> MonitorAddress {
        guard port > 0 else { return self }
        guard port + distance <= Int(UInt16.max) else {
            throw MonitorError(.address, "there are no \(distance) ports after \(self)")
        }
        return MonitorAddress(host: host, port: port + distance)
    }

    /// Whether it is known to be for this machine alone. Names are not asked of anybody.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func isHost(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }
}
