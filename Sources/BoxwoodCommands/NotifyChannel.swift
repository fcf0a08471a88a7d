// SPDX-License-Identifier: MIT
import Glibc

/// Why a service manager cannot be told.
struct NotifyFailure: Error, CustomStringConvertible {
    let description: String
}

/// A datagram socket of the local machine that only sends, to one address. Whoever owns it may do so from any thread.
final class NotifyChannel: Sendable {
    private let descriptor: Int32
    private let address: sockaddr_un
    private let length: socklen_t

    /// For a manager that does not read; so long a start may take longer, and no loop.
    private static let patience = timeval(tv_sec: 5, tv_usec: 0)

    /// - Parameter name: a path, or with `@` before it a name that is in no file system.
    init(_ name: String) throws(NotifyFailure) {
        (address, length) = try Self.address(name)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw NotifyFailure(description: "no socket: \(Self.error)") }
        var patience = Self.patience
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    private static func address(_ name: String) throws(NotifyFailure) -> (sockaddr_un, socklen_t) {
        var bytes = Array(name.utf8)
        var address = sockaddr_un()
        let room = MemoryLayout.size(ofValue: address.sun_path)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        guard isAbstract || bytes.first == UInt8(ascii: "/"), bytes.count > 1, bytes.count < room, !bytes.contains(0)
        else { throw NotifyFailure(description: "NOTIFY_SOCKET is neither a path nor @ and a name") }
        if isAbstract { bytes[0] = 0 }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        // The zero that ends a path counts; a name ends where its length says.
        let count = MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1)
        return (address, socklen_t(count))
    }

    /// - Parameter waits: whether to wait for a manager that is behind in its reading; else it is passed over.
    func send(_ words: String, waits: Bool) throws(NotifyFailure) {
        let flags = Int32(MSG_NOSIGNAL) | (waits ? 0 : Int32(MSG_DONTWAIT))
        let bytes = Array(words.utf8)
        var address = address
        while true {
            let sent = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, bytes, bytes.count, flags, $0, length)
                }
            }
            if sent >= 0 || (!waits && (errno == EAGAIN || errno == ENOBUFS)) { return }
            if errno != EINTR { throw NotifyFailure(description: "NOTIFY_SOCKET: \(Self.error)") }
        }
    }

    private static var error: String { String(cString: strerror(errno)) }
}
