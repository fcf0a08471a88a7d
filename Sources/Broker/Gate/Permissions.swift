// SPDX-License-Identifier: MIT

package import Messaging
package import Wire

/// Who may call what. What is not named here is denied.
package enum Permissions {
    /// The roles that may call the methods of a service.
    private static let roles: [String: Set<PeerRole>] = [
        "boxwood.v1.Grounding": [.client, .admin],
        "boxwood.v1.Jobs": [.client, .admin],
        "boxwood.v1.Discovery": [.client, .admin],
        "boxwood.v1.Health": [.client, .worker, .admin],
        "boxwood.v1.Admin": [.admin],
    ]

    /// The roles that may call a method.
    package static func roles(for method: Method) -> Set<PeerRole> {
        let parts = method.rawValue.split(separator: "/")
        return parts.first.flatMap { roles[String($0)] } ?? []
    }

    /// The roles that may connect to an address at all.
    package static func roles(at side: BrokerSide) -> Set<PeerRole> {
        switch side {
        // Workers ask for the broker's health.
        case .front: [.client, .worker, .admin]
        case .back: [.worker]
        }
    }
}

/// The two addresses of a broker.
package enum BrokerSide: String, Sendable, Hashable, CaseIterable {
    /// For clients.
    case front
    /// For workers.
    case back
}
