// SPDX-License-Identifier: MIT

package import Messaging
import Synchronization

/// What the gatekeeper's thread and the broker's share: whom to let in, and the connections.
package final class Gate: Sendable {
    /// Whether a message counts, and for whom.
    package enum Admission: Hashable, Sendable {
        /// Connections have no keys here: whoever reaches the address may do everything.
        case everybody
        case known(PeerIdentity)
        /// A key that is not let in, or not any more.
        case nobody
    }

    struct Counters {
        var unfinished = 0
        var malformed = 0
        var acceptFailed = 0
        var admitted = 0
        var refused = 0
    }

    struct State {
        var keys = AuthorizedKeys()
        var table: ConnectionTable
        var counters = Counters()
    }

    let hasKeys: Bool
    private let started = ContinuousClock.now
    private let state: Mutex<State>

    package init(hasKeys: Bool, limits: ConnectionTable.Limits) {
        self.hasKeys = hasKeys
        state = Mutex(State(table: ConnectionTable(limits)))
    }

    /// Whom to let in from now on.
    package func letIn(_ keys: AuthorizedKeys) {
        state.withLock { $0.keys = keys }
    }

    var now: Duration { started.duration(to: .now) }

    func update<Result: Sendable>(_ body: (inout sending State) -> sending Result) -> Result {
        state.withLock(body)
    }

    /// A message was handed over. To be asked about every one, also where there are no keys.
    package func admit(_ message: IncomingMessage, at side: BrokerSide) -> Admission {
        let now = now
        let key = hasKeys ? message.userID.flatMap { text in try? CurvePublicKey(text) } : nil
        let (admission, cut) = state.withLock { state -> (Admission, ConnectionTable.Cut?) in
            let identity = key.flatMap { state.keys.identity($0, at: side) }
            let admission: Admission = hasKeys ? identity.map(Admission.known) ?? .nobody : .everybody
            guard let descriptor = message.descriptor else { return (admission, nil) }
            let isLetIn = if case .nobody = admission { false } else { true }
            let cut = state.table.delivered(
                ConnectionTable.ID(side, descriptor), bytes: message.bytes, key: key, isLetIn: isLetIn, at: now)
            return (admission, cut)
        }
        if let cut { Connection.end(cut.id.descriptor, number: cut.number) }
        return admission
    }

    struct Figures {
        var connections: [String: Int]
        var denied: [String: Int]
    }

    /// For metrics: open connections by role, and those that were not let in, or ended, by reason.
    var figures: Figures {
        state.withLock { state in
            let (counters, cuts) = (state.counters, state.table.cuts)
            return Figures(
                connections: state.table.counts { side, key in
                    if let key { return state.keys.identities[key]?.role.rawValue ?? "unknown" }
                    return hasKeys ? "unknown" : side == .front ? "client" : "worker"
                },
                denied: [
                    "key": counters.refused, "handshake_unfinished": counters.unfinished,
                    "handshake_malformed": counters.malformed, "not_accepted": counters.acceptFailed,
                    "crowded": cuts[.crowded] ?? 0, "over_key_limit": cuts[.ofKey] ?? 0,
                    "over_memory": cuts[.memory] ?? 0, "revoked": cuts[.revoked] ?? 0,
                ])
        }
    }

    /// For Status: numbers that only grow, and how many there are now.
    var named: [String: Double] {
        let now = now
        return state.withLock { state in
            let (counters, table) = (state.counters, state.table)
            return [
                "connections_accepted_total": Double(table.acceptedCount),
                "connections_open": Double(table.count),
                "connections_crowded_out_total": Double(table.cuts[.crowded] ?? 0),
                "connections_over_key_limit_total": Double(table.cuts[.ofKey] ?? 0),
                "connections_over_memory_total": Double(table.cuts[.memory] ?? 0),
                "connections_revoked_total": Double(table.cuts[.revoked] ?? 0),
                "connections_not_accepted_total": Double(counters.acceptFailed),
                "connections_held_bytes": Double(table.heldBytes(at: now)),
                "handshakes_unfinished_total": Double(counters.unfinished),
                "handshakes_malformed_total": Double(counters.malformed),
                "keys_admitted_total": Double(counters.admitted),
                "keys_refused_total": Double(counters.refused),
                "keys_authorized": Double(state.keys.identities.count),
            ]
        }
    }
}
