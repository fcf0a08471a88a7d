// SPDX-License-Identifier: MIT
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ObservabilityHTTP

/// The page: files of one folder, read once, and nothing that is not among them.
struct Playground: Sendable {
    private struct File: Sendable {
        let type: String
        let content: ByteBuffer
    }

    private let files: [String: File]

    /// Of files that the page is made of; any other is not served.
    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "json": "application/json",
    ]
    /// Nothing from anywhere else, nothing in line, and no page around it.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// - Throws: `unavailable` for a folder without `openapi.json`, which is not the one.
    init(_ folder: String) throws(MonitorError) {
        var files: [String: File] = [:]
        for name in FileManager.default.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? [] {
            guard let type = Self.types[name.split(separator: ".").last.map(String.init) ?? ""],
                let data = FileManager.default.contents(atPath: "\(folder)/\(name)")
            else { continue }
            files[Self.path(name)] = File(type: type, content: ByteBuffer(bytes: data))
        }
        guard files["/openapi.json"] != nil else {
            throw MonitorError(.unavailable, "the gateway's files are not in \(folder)")
        }
        self.files = files
    }

    var paths: [String] { files.keys.sorted() }

    /// - Precondition: the path is one of ``paths``.
    func response(_ path: String) -> Response {
        let file = files[path]!
        return Response(
            status: .ok,
            headers: [
                .contentType: file.type, .contentSecurityPolicy: Self.contentSecurityPolicy, .cacheControl: "no-cache",
            ],
            body: ResponseBody(byteBuffer: file.content))
    }

    /// Whether a path is the page's.
    static func isPath(_ path: String) -> Bool { path == "/" || path.hasPrefix("/playground/") }

    private static func path(_ name: String) -> String {
        switch name {
        case "index.html": "/"
        // The description of the interface lies with the page that is its other face.
        case "openapi.json": "/openapi.json"
        default: "/playground/\(name)"
        }
    }
}
