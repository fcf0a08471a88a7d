// SPDX-License-Identifier: MIT

/// Everything that a client or a worker needs to speak to a broker with keys: one file.
public struct Credential: Sendable, Hashable {
    public let role: PeerRole
    public let name: String
    public let pair: CurveKeyPair
    /// The key that the broker must prove to have.
    public let broker: CurvePublicKey

    public init(role: PeerRole, name: String, pair: CurveKeyPair, broker: CurvePublicKey) {
        self.role = role
        self.name = name
        self.pair = pair
        self.broker = broker
    }

    /// Reads a file that `boxwood keys new` wrote.
    /// - Throws: `key`, also where others than its owner may read the file.
    public init(file path: String) throws(MessagingError) {
        try Curve.require()
        let text = try KeyFile.readSecret(path)
        do throws(MessagingError) {
            guard let role = PeerRole(rawValue: try text.required("role")) else {
                throw MessagingError(.key, "the key of a client, a worker or an admin is needed")
            }
            let name = try text.required("name")
            guard KeyName.isValid(name) else { throw MessagingError(.key, "its name is none that a key can have") }
            let pair = try CurveKeyPair(
                publicKey: try CurvePublicKey(try text.required("public")),
                secretKey: try CurveSecretKey(try text.required("secret")))
            self.init(
                role: role, name: name, pair: pair,
                broker: try CurvePublicKey(try text.required("broker")))
        } catch {
            throw MessagingError(.key, "\(path): \(error.message)")
        }
    }

    /// As it stands in its file.
    var text: KeyText {
        KeyText([
            "role": role.rawValue, "name": name, "public": pair.publicKey.text, "secret": pair.secretKey.text,
            "broker": broker.text,
        ])
    }
}
