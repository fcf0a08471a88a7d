// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// One request over HTTP, written byte by byte, and its answer: no library decides what is sent.
struct HTTPExchange {
    let status: Int
    let headers: [String: String]
    let body: [UInt8]

    struct NoAnswer: Error {
        let heard: String
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as a JSON object.
    var object: [String: Any] {
        get throws { try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) }
    }

    /// The messages of an event stream.
    var events: [(event: String, data: String)] {
        text.components(separatedBy: "\n\n").compactMap { message in
            let lines = message.split(separator: "\n")
            guard lines.count == 2, lines[0].hasPrefix("event: "), lines[1].hasPrefix("data: ") else { return nil }
            return (String(lines[0].dropFirst(7)), String(lines[1].dropFirst(6)))
        }
    }

    /// - Parameter headers: beside `Host` and the body's length, unless they name these themselves.
    static func request(
        _ method: String, _ path: String, port: Int, headers: [(String, String)] = [], body: [UInt8] = []
    ) -> [UInt8] {
        let names = headers.map { $0.0.lowercased() }
        var all = headers
        if !names.contains("host") { all.append(("Host", "127.0.0.1:\(port)")) }
        if !names.contains("content-length"), !body.isEmpty { all.append(("Content-Length", String(body.count))) }
        if !names.contains("connection") { all.append(("Connection", "close")) }
        let head = all.map { "\($0): \($1)\r\n" }.joined()
        return Array("\(method) \(path) HTTP/1.1\r\n\(head)\r\n".utf8) + body
    }

    /// Sends it and reads until the other side closes.
    init(
        _ method: String, _ path: String, port: Int, headers: [(String, String)] = [], body: [UInt8] = []
    ) throws {
        let peer = try RawPeer("tcp://127.0.0.1:\(port)")
        peer.send(Self.request(method, path, port: port, headers: headers, body: body))
        var bytes: [UInt8] = []
        let end = Date().addingTimeInterval(60)
        while Date() < end, let more = peer.receive(within: 200) { bytes += more }
        try self.init(bytes)
    }

    private init(_ bytes: [UInt8]) throws {
        guard let split = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw NoAnswer(heard: String(decoding: bytes.prefix(200), as: UTF8.self))
        }
        let lines = String(decoding: bytes[..<split.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        status = try #require(Int(lines[0].split(separator: " ")[1]))
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces)
        }
        self.headers = headers
        let rest = bytes[split.upperBound...]
        body = headers["transfer-encoding"] == "chunked" ? try Self.joined(rest) : Array(rest)
    }

    /// What chunks hold (RFC 9112, section 7.1).
    private static func joined(_ bytes: ArraySlice<UInt8>) throws -> [UInt8] {
        var (rest, result): (ArraySlice<UInt8>, [UInt8]) = (bytes, [])
        while let end = rest.firstRange(of: [13, 10]) {
            let size = try #require(Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16))
            guard size > 0 else { return result }
            result += rest[end.upperBound...].prefix(size)
            rest = rest[end.upperBound...].dropFirst(size + 2)
        }
        throw NoAnswer(heard: "chunks without an end")
    }
}
