// SPDX-License-Identifier: MIT
import Foundation

/// Where a hub is: `https://huggingface.co`, or a mirror of it.
public struct HubAddress: Hashable, Sendable, CustomStringConvertible {
    /// Without a slash at its end.
    let url: String
    package let origin: HubOrigin

    public static let standard = "https://huggingface.co"

    /// - Throws: `settings` for anything but an http or https address without user, query and fragment.
    public init(_ text: String) throws(HubError) {
        let trimmed = String(text.reversed().drop { $0 == "/" }.reversed())
        guard let parts = URLComponents(string: trimmed), let origin = HubOrigin(parts), parts.user == nil,
            parts.password == nil, parts.query == nil, parts.fragment == nil
        else {
            throw HubError(.settings, "HF_ENDPOINT is \"\(text)\", which is no address of a hub")
        }
        url = trimmed
        self.origin = origin
    }

    public var description: String { url }

    /// The files of a commit with their sizes and hashes, or of whatever a branch or tag means at the moment.
    func listing(_ reference: ModelReference) -> String {
        "\(url)/api/models/\(reference.repository)/revision/\(Self.escaped(reference.revision.text))?blobs=true"
    }

    func file(_ name: String, of repository: RepositoryName, at commit: Commit) -> String {
        "\(url)/\(repository)/resolve/\(commit)/\(Self.escaped(name))"
    }

    /// Everything but letters, digits and `-._~` in percent signs, slashes too.
    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain =
                byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
            return isPlain || "-._~".utf8.contains(byte)
                ? String(Unicode.Scalar(byte)) : "%" + Hexadecimal.text([byte]).uppercased()
        }.joined()
    }
}

/// Scheme, host and port: what a token is meant for.
package struct HubOrigin: Hashable, Sendable {
    package let scheme: String
    package let host: String
    package let port: Int

    init?(_ parts: URLComponents) {
        guard let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme), let host = parts.host,
            !host.isEmpty
        else { return nil }
        self.scheme = scheme
        self.host = host.lowercased()
        port = parts.port ?? (scheme == "https" ? 443 : 80)
    }

    /// Whether nobody on the way can read what is sent there.
    var isPrivate: Bool { scheme == "https" || isThisMachine }

    private var isThisMachine: Bool {
        host == "localhost" || host == "[::1]" || host == "::1"
            || (host.hasPrefix("127.") && host.split(separator: ".").count == 4
                && host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") })
    }
}
