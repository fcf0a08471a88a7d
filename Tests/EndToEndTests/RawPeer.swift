// SPDX-License-Identifier: MIT
import Foundation

/// A peer that speaks TCP and, as far as it likes, ZMTP 3.1 (RFC 37) by hand.
final class RawPeer {
    private let descriptor: Int32
    private var heard = 0

    struct Refused: Error {}

    /// - Parameter endpoint: `tcp://127.0.0.1:PORT`.
    init(_ endpoint: String) throws {
        guard let port = endpoint.split(separator: ":").last.flatMap({ UInt16($0) }) else { throw Refused() }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard result == 0 else { throw Refused() }
    }

    deinit {
        close(descriptor)
    }

    /// False when the other side is gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Greets and says READY, each after the other side has: libzmq takes what comes before for a fault.
    func handshake(_ properties: [(String, String)] = []) -> Bool {
        send(ZMTP.greeting())
        guard hears(bytes: 64) else { return false }
        send(ZMTP.ready(properties))
        return hears(bytes: 64 + 30)
    }

    /// Waits until so much has come since the connection was made.
    private func hears(bytes: Int) -> Bool {
        for _ in 0..<100 where heard < bytes {
            guard let bytes = receive(within: 100) else { return false }
            heard += bytes.count
        }
        return heard >= bytes
    }

    /// What has come within a time; empty when nothing has, `nil` when the other side is gone.
    func receive(within milliseconds: Int32) -> [UInt8]? {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&item, 1, milliseconds) > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// Whether the other side ends the connection within a time.
    func isEnded(within seconds: Double) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if receive(within: 100) == nil { return true }
        }
        return false
    }
}

/// The parts of ZMTP.
enum ZMTP {
    static func greeting(_ mechanism: String = "NULL", minor: UInt8 = 1) -> [UInt8] {
        let name = Array(mechanism.utf8)
        let signature: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, minor]
        return signature + name + [UInt8](repeating: 0, count: 20 - name.count)
            + [0] + [UInt8](repeating: 0, count: 31)
    }

    /// Greeting and READY, with more properties beside the type of the socket.
    static func ready(_ properties: [(String, String)] = [], socketType: String = "DEALER") -> [UInt8] {
        var body = [UInt8(5)] + Array("READY".utf8)
        for (name, value) in [("Socket-Type", socketType)] + properties {
            body += [UInt8(name.utf8.count)] + Array(name.utf8)
            body += [0, 0, 0, UInt8(value.utf8.count)] + Array(value.utf8)
        }
        return command(body)
    }

    static func command(_ body: [UInt8]) -> [UInt8] { [0x04, UInt8(body.count)] + body }

    static func frame(_ body: [UInt8], more: Bool) -> [UInt8] { header(UInt64(body.count), more: more) + body }

    /// The beginning of a frame that claims to have so many bytes.
    static func header(_ size: UInt64, more: Bool) -> [UInt8] {
        [more ? 0x03 : 0x02] + (0..<8).map { UInt8(truncatingIfNeeded: size >> (56 - 8 * $0)) }
    }

    static func message(_ frames: [[UInt8]]) -> [UInt8] {
        frames.enumerated().flatMap { frame($1, more: $0 < frames.count - 1) }
    }
}
