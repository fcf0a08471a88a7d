// SPDX-License-Identifier: MIT
import HTTPTypes
import Wire

/// Who may ask at all: by the name that was asked for, the page that asks, and the token shown. A pure value.
///
/// On loopback there is no token, and what protects a service from the pages that its user happens to look at is that a browser
/// tells the truth about `Host` and `Origin`: a page of another origin is turned away, and so is one whose name was made to
/// point here (DNS rebinding).
package struct Doorkeeper: Sendable, Hashable {
    /// The host listened on, and its port.
    private let host: String
    private let port: Int
    private let isLoopback: Bool

    package init(host: String, port: Int, isLoopback: Bool) {
        (self.host, self.port, self.isLoopback) = (host, port, isLoopback)
    }

    /// - Parameter tokens: `nil` where none are asked for.
    /// - Throws: 421, 403 or 401.
    package func admit(
        path: String, authority: String?, origin: String?, authorization: String?, tokens: TokenList?
    ) throws(Problem) {
        // Probes come by number or by any name, and learn nothing but a word.
        if path == "/healthz" || path == "/readyz" { return }
        if isLoopback {
            guard let authority, isOurs(authority) else {
                throw Problem(.misdirectedRequest, .permissionDenied, "this service has another name")
            }
            if let origin, !isOurs(origin: origin) { throw Self.foreign }
        } else if let origin, let authority, origin.lowercased() != "http://" + authority.lowercased(),
            origin.lowercased() != "https://" + authority.lowercased()
        {
            throw Self.foreign
        }
        // The page itself is no secret: the token is typed into it.
        guard let tokens, !Playground.isPath(path) else { return }
        guard tokens.name(shownIn: authorization) != nil else {
            throw Problem(.unauthorized, .unauthenticated, "the token is missing or wrong")
        }
    }

    private static let foreign = Problem(.forbidden, .permissionDenied, "pages of other origins may not ask")

    private func isOurs(origin: String) -> Bool {
        let scheme = "http://"
        return origin.lowercased().hasPrefix(scheme) && isOurs(String(origin.dropFirst(scheme.count)))
    }

    /// Whether a `Host` means this service: any name of the loopback, or the address listened on, with its port.
    private func isOurs(_ authority: String) -> Bool {
        let authority = authority.lowercased()
        let names = [
            "localhost", "127.0.0.1", "[::1]", host.contains(":") ? "[\(host.lowercased())]" : host.lowercased(),
        ]
        return names.contains { authority == "\($0):\(port)" || (port == 80 && authority == $0) }
    }
}
