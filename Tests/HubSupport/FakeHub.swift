// SPDX-License-Identifier: MIT
public import Foundation
import Glibc
import Synchronization

/// A hub on this machine: it speaks the hub's HTTP interface over plain sockets, and a script may have it lie, break off and be slow
/// at any byte.
///
/// Two ports: the hub itself, and the store that it sends to for large files, which by rights never sees a token.
public final class FakeHub: Sendable {
    public struct Request: Sendable {
        public var isStore: Bool
        public var method: String
        /// Path and query.
        public var target: String
        /// By names in lower case.
        public var headers: [String: String]
        /// From 0, over both ports.
        public var number: Int

        public var path: String { String(target.prefix { $0 != "?" }) }
    }

    /// What is sent back; the standard values are honest.
    public struct Reply: Sendable {
        public var status: Int
        public var headers: [(name: String, value: String)]
        public var body: Data
        /// What `Content-Length` says; `nil` leaves it out and ends the body with the connection.
        public var length: Int?
        /// The connection is cut after so many bytes, those of the head among them.
        public var cutAfter: Int?
        /// Cut as by a machine that was switched off, not as by a program that ended.
        public var cutsHard = false
        /// After what is sent of a reply that is cut, nothing more comes, and the connection stays until the client ends it.
        public var holds = false
        /// Waits before each piece of so many bytes.
        public var drip: (bytes: Int, milliseconds: Int)?
        /// Waits before the first byte.
        public var delayMilliseconds = 0

        public init(_ status: Int, _ headers: [(String, String)] = [], _ body: Data = Data()) {
            (self.status, self.body) = (status, body)
            self.headers = headers.map { (name: $0.0, value: $0.1) }
            length = body.count
        }
    }

    public typealias Script = @Sendable (Request, Reply) -> Reply

    private struct State {
        var repositories: [String: FakeRepository] = [:]
        var script: Script = { $1 }
        var requests: [Request] = []
        var connections: Set<Int32> = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let hub: ListeningSocket
    private let store: ListeningSocket

    public init(_ repositories: FakeRepository...) throws {
        hub = try ListeningSocket()
        store = try ListeningSocket()
        state.withLock { state in
            for repository in repositories { state.repositories[repository.name] = repository }
        }
        Thread.detachNewThread { [self] in accept(hub, isStore: false) }
        Thread.detachNewThread { [self] in accept(store, isStore: true) }
    }

    /// For `HF_ENDPOINT`.
    public var url: String { "http://127.0.0.1:\(hub.port)" }
    public var storeURL: String { "http://127.0.0.1:\(store.port)" }
    public var requests: [Request] { state.withLock { $0.requests } }

    /// What is made of every honest reply from now on.
    public func script(_ script: @escaping Script) { state.withLock { $0.script = script } }

    public func change(_ name: String, _ body: (inout FakeRepository) -> Void) {
        state.withLock { state in
            guard var repository = state.repositories[name] else { return }
            body(&repository)
            state.repositories[name] = repository
        }
    }

    public func stop() {
        let open = state.withLock { state in
            state.isStopped = true
            return state.connections
        }
        hub.close()
        store.close()
        for connection in open { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    // MARK: - Connections

    private func accept(_ listener: ListeningSocket, isStore: Bool) {
        while let connection = listener.accept() {
            let isWanted = state.withLock { state in
                if !state.isStopped { state.connections.insert(connection) }
                return !state.isStopped
            }
            guard isWanted else {
                Glibc.close(connection)
                continue
            }
            Thread.detachNewThread { [self] in
                serve(Connection(connection), isStore)
                state.withLock { _ = $0.connections.remove(connection) }
                Glibc.close(connection)
            }
        }
    }

    private func serve(_ connection: Connection, _ isStore: Bool) {
        while let (method, target, headers) = connection.readHead() {
            let (request, script, repositories) = state.withLock { state in
                let request = Request(
                    isStore: isStore, method: method, target: target, headers: headers, number: state.requests.count)
                state.requests.append(request)
                return (request, state.script, state.repositories)
            }
            let answers = HubAnswers(repositories: repositories, storeURL: storeURL)
            let reply = script(request, isStore ? answers.store(request) : answers.hub(request))
            guard connection.send(reply, withBody: method != "HEAD") else { return }
        }
    }
}

/// A socket that listens on a free port of this machine.
final class ListeningSocket: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// - Returns: `nil` once it is closed.
    func accept() -> Int32? {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 { return connection }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    func close() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    deinit { Glibc.close(descriptor) }
}

/// One client's connection, served by one thread.
private final class Connection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    func readHead() -> (method: String, target: String, headers: [String: String])? {
        let end = Array("\r\n\r\n".utf8)
        while buffer.firstRange(of: end) == nil {
            var chunk = [UInt8](repeating: 0, count: 8192)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0, buffer.count < 65536 else { return nil }
            buffer += chunk[..<count]
        }
        guard let range = buffer.firstRange(of: end) else { return nil }
        let lines = String(decoding: buffer[..<range.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        buffer.removeSubrange(..<range.upperBound)
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { return nil }
        let headers = lines.dropFirst().reduce(into: [String: String]()) { fields, line in
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        return (String(words[0]), String(words[1]), headers)
    }

    /// - Returns: whether the connection goes on.
    func send(_ reply: FakeHub.Reply, withBody: Bool) -> Bool {
        if reply.delayMilliseconds > 0 { usleep(UInt32(reply.delayMilliseconds) * 1000) }
        var head = "HTTP/1.1 \(reply.status) Answer\r\n"
        for (name, value) in reply.headers { head += "\(name): \(value)\r\n" }
        if let length = reply.length {
            head += "Content-Length: \(length)\r\n"
        } else {
            head += "Connection: close\r\n"
        }
        var bytes = Array((head + "\r\n").utf8) + (withBody ? Array(reply.body) : [])
        if let cut = reply.cutAfter { bytes = Array(bytes.prefix(cut)) }
        guard write(bytes, reply.drip) else { return false }
        let isOver = reply.cutAfter != nil || reply.length == nil || (withBody && reply.length != reply.body.count)
        if reply.holds { waitForTheEnd() } else if isOver { end(hard: reply.cutsHard) }
        return !isOver
    }

    private func write(_ bytes: [UInt8], _ drip: (bytes: Int, milliseconds: Int)?) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            if let drip { usleep(UInt32(drip.milliseconds) * 1000) }
            let piece = drip.map { rest.prefix($0.bytes) } ?? rest
            let count = piece.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private func waitForTheEnd() {
        var byte: UInt8 = 0
        while true {
            let count = recv(descriptor, &byte, 1, 0)
            guard count > 0 || (count < 0 && errno == EINTR) else { return }
        }
    }

    private func end(hard: Bool) {
        guard hard else {
            shutdown(descriptor, Int32(SHUT_WR))
            return
        }
        // A reset instead of a farewell, when the descriptor is closed.
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }
}
