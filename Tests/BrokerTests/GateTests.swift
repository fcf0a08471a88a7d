// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Testing

@Suite("Whose message it is")
struct GateTests {
    private let keys: TemporaryKeys
    private let limits = ConnectionTable.Limits(connections: 8, connectionsOfKey: 8, heldBytes: 1 << 20)

    init() throws { keys = try TemporaryKeys() }

    private func message(from key: CurvePublicKey?) -> IncomingMessage {
        var message = IncomingMessage()
        message.userID = key?.text
        return message
    }

    @Test("With keys: who is let in, at the address of the role; everybody else is nobody, as is who has none")
    func withKeys() throws {
        let alice = try keys.folder.make(.client, "alice").pair.publicKey
        let gate = Gate(hasKeys: true, limits: limits)
        #expect(gate.admit(message(from: alice), at: .front) == .nobody)
        gate.letIn(AuthorizedKeys(keys.folder))
        let identity = PeerIdentity(role: .client, name: "alice", key: alice)
        #expect(gate.admit(message(from: alice), at: .front) == .known(identity))
        #expect(gate.admit(message(from: alice), at: .back) == .nobody)
        #expect(gate.admit(message(from: try CurveKeyPair.generate().publicKey), at: .front) == .nobody)
        #expect(gate.admit(message(from: nil), at: .front) == .nobody)
        gate.letIn(AuthorizedKeys())
        #expect(gate.admit(message(from: alice), at: .front) == .nobody)
    }

    @Test("Without keys a name that a peer gives itself is not looked at")
    func withoutKeys() throws {
        let gate = Gate(hasKeys: false, limits: limits)
        let alice = try keys.folder.make(.client, "alice").pair.publicKey
        #expect(gate.admit(message(from: alice), at: .front) == .everybody)
        #expect(gate.admit(message(from: nil), at: .back) == .everybody)
    }
}
