// SPDX-License-Identifier: MIT

internal import Logging
internal import Messaging
internal import Wire

// Who may do what. The identity of a message is that of the key of its connection, never what its frames say.
extension BrokerLoop {
    func mayCall(_ method: Method, _ peer: Peer) -> Bool {
        guard let identity = peer.identity else { return true }
        return Permissions.roles(for: method).contains(identity.role)
    }

    func deny(_ request: CallRequest, _ peer: Peer) {
        counters.denied += 1
        let role = peer.identity?.role.rawValue ?? "nobody"
        answer(
            peer, request,
            RPCStatus(.permissionDenied, "a key of the role \(role) may not call this method", reason: .role))
    }

    /// A message of a key that was taken away while its connection was open; the gatekeeper ends the connection.
    func turnAway(_ message: ClientMessage, _ peer: Peer) {
        counters.denied += 1
        guard case .request(let request) = message, !isOpen(request.id, peer) else { return }
        answer(peer, request, RPCStatus(.unauthenticated, "the key is not authorized any more", reason: .key))
    }

    /// The same, of a worker: its session is over, and it need not come back.
    func turnAway(_ message: WorkerMessage, _ routing: [UInt8]) {
        counters.denied += 1
        let refusal = RPCStatus(.unauthenticated, "the key is not authorized as a worker's", reason: .key)
        if let id = workersByRouting[routing], let record = removeWorker(id) {
            logger.warning("worker's key revoked", metadata: ["worker": "\(id)", "name": "\(record.hello.name)"])
            tell(record, .bye(refusal))
            perform(scheduler.workerLeft(id, .revoked, at: now))
        } else if case .hello(let hello) = message {
            try? backListener.socket.send([routing] + BrokerOrder.bye(refusal).frames(hello.encoding))
        }
    }
}

extension Gate.Admission {
    var identity: PeerIdentity? { if case .known(let identity) = self { identity } else { nil } }
}
