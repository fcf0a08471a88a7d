// SPDX-License-Identifier: MIT
import Foundation

/// The secret that whoever reads metrics shows: `Authorization: Bearer ...`.
public struct BearerToken: Sendable, CustomStringConvertible {
    /// Fewer could be guessed.
    public static let leastBytes = 16
    public static let mostBytes = 1024

    private let bytes: [UInt8]

    /// - Parameter file: has the token and nothing else but white space around it; not everybody may read it.
    public init(file: String) throws(MonitorError) {
        var status = stat()
        guard stat(file, &status) == 0, let data = FileManager.default.contents(atPath: file) else {
            throw MonitorError(.token, "\(file) cannot be read")
        }
        guard status.st_mode & 0o007 == 0 else {
            throw MonitorError(.token, "\(file) can be read by everybody on this machine; chmod 600 \(file)")
        }
        guard data.count <= Self.mostBytes + 2 else {
            throw MonitorError(.token, "\(file) has more than \(Self.mostBytes) bytes")
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let token = BearerToken(text) else {
            throw MonitorError(
                .token, "\(file) has no token of \(Self.leastBytes) to \(Self.mostBytes) printable ASCII characters")
        }
        self = token
    }

    /// `nil` for a text that is no token.
    public init?(_ text: String) {
        guard (Self.leastBytes...Self.mostBytes).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        bytes = Array(text.utf8)
    }

    /// - Parameter header: what the request has under `Authorization`.
    /// - Complexity: the same for every header of a length, so that its time tells nothing of the token.
    public func isShown(in header: String?) -> Bool {
        let shown = Array((header ?? "").utf8)
        let wanted = Array("Bearer ".utf8) + bytes
        var difference = UInt8(shown.count == wanted.count ? 0 : 1)
        for index in wanted.indices { difference |= wanted[index] ^ (index < shown.count ? shown[index] : 0) }
        return difference == 0
    }

    /// Never the token.
    public var description: String { "a token" }
}
