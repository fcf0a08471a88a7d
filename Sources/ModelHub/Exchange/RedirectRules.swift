// SPDX-License-Identifier: MIT
import Foundation

/// Where a request goes on to, and whether the token goes with it. A pure value.
package struct RedirectRules: Sendable {
    package private(set) var url: String
    /// The token is for the origin of the first address, and once it was left for nobody.
    package private(set) var carriesToken: Bool
    /// Whether the hub itself still speaks, and not whoever it sends to for the bytes.
    package private(set) var isAtHub = true
    private let home: HubOrigin
    private var count = 0

    /// - Parameter home: the hub's own origin, where `url` is.
    package init(_ url: String, home: HubOrigin, hasToken: Bool) {
        (self.url, self.home) = (url, home)
        // Over plain http everybody on the way could read it.
        carriesToken = hasToken && home.isPrivate
    }

    /// - Throws: `answer` for an address that is not followed.
    package mutating func follow(_ location: String) throws(HubError) {
        count += 1
        guard count <= HubLimits.redirects else {
            throw HubError(.answer, "the hub sends from address to address, more than \(HubLimits.redirects) times")
        }
        guard let base = URL(string: url), let next = URL(string: location, relativeTo: base)?.absoluteURL,
            let parts = URLComponents(url: next, resolvingAgainstBaseURL: true), let origin = HubOrigin(parts)
        else {
            throw HubError(.answer, "the hub sends to an address that is none")
        }
        guard origin.scheme == "https" || !url.hasPrefix("https:") else {
            throw HubError(.answer, "the hub sends from https to plain http at \(origin.host), which is not followed")
        }
        if origin != home { (isAtHub, carriesToken) = (false, false) }
        url = next.absoluteString
    }
}
