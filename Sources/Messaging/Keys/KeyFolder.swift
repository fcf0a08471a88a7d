// SPDX-License-Identifier: MIT

import Foundation

/// The keys of a pool, in a folder:
///
///     broker.key                   the broker's secret; broker.pub is for everybody
///     client/NAME.key              a secret to be handed to NAME, and so for worker/ and admin/
///     authorized/client/NAME.pub   whom brokers let in, and as what
///
/// Secrets have mode 600 in folders of mode 700. A broker needs `broker.key` and `authorized/` alone.
public struct KeyFolder: Sendable, Hashable {
    public let path: String

    public init(_ path: String) {
        self.path = path
    }

    public var brokerSecretPath: String { path + "/broker.key" }
    public var brokerPublicPath: String { path + "/broker.pub" }
    public var authorizedPath: String { path + "/authorized" }

    public func secretPath(_ role: PeerRole, _ name: String) -> String { "\(path)/\(role.rawValue)/\(name).key" }

    public func authorizedPath(_ role: PeerRole, _ name: String) -> String {
        "\(authorizedPath)/\(role.rawValue)/\(name).pub"
    }

    // MARK: - Reading

    /// The broker's own keys.
    /// - Throws: `key`, also where others than their owner may read the file.
    public func brokerPair() throws(MessagingError) -> CurveKeyPair {
        try Curve.require()
        let text = try KeyFile.readSecret(brokerSecretPath)
        do throws(MessagingError) {
            return try CurveKeyPair(
                publicKey: try CurvePublicKey(try text.required("public")),
                secretKey: try CurveSecretKey(try text.required("secret")))
        } catch {
            throw MessagingError(.key, "\(brokerSecretPath): \(error.message)")
        }
    }

    public func brokerPublicKey() throws(MessagingError) -> CurvePublicKey {
        let text = try KeyFile.readPublic(brokerPublicPath)
        do throws(MessagingError) {
            return try CurvePublicKey(try text.required("public"))
        } catch {
            throw MessagingError(.key, "\(brokerPublicPath): \(error.message)")
        }
    }

    /// Somebody's public key, for whom brokers let in.
    /// - Throws: `key`, also where the file says that it is somebody else's.
    public func authorized(_ role: PeerRole, _ name: String) throws(MessagingError) -> CurvePublicKey {
        let path = authorizedPath(role, name)
        let text = try KeyFile.readPublic(path)
        do throws(MessagingError) {
            guard text["role"].map({ $0 == role.rawValue }) ?? true, text["name"].map({ $0 == name }) ?? true else {
                throw MessagingError(.key, "the file is of another role or name than its place says")
            }
            return try CurvePublicKey(try text.required("public"))
        } catch {
            throw MessagingError(.key, "\(path): \(error.message)")
        }
    }

    /// The names in `authorized/ROLE`, sorted; what is no name is left out.
    public func authorizedNames(_ role: PeerRole) -> [String] {
        names(in: "\(authorizedPath)/\(role.rawValue)", suffix: ".pub")
    }

    /// The names whose secrets are here, sorted.
    public func secretNames(_ role: PeerRole) -> [String] { names(in: "\(path)/\(role.rawValue)", suffix: ".key") }

    private func names(in folder: String, suffix: String) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
            .filter(KeyName.isValid).sorted()
    }

    // MARK: - Writing

    /// A new pair for the broker.
    /// - Throws: `key` where there is one already.
    public func makeBroker() throws(MessagingError) -> CurveKeyPair {
        let pair = try CurveKeyPair.generate()
        try makeFolders()
        let open = KeyText(["role": "broker", "public": pair.publicKey.text])
        let secret = KeyText(["role": "broker", "public": pair.publicKey.text, "secret": pair.secretKey.text])
        try KeyFile.write(
            secret.text(comment: "Boxwood: the broker's secret key. Whoever reads it can be the broker."),
            to: brokerSecretPath, mode: 0o600)
        try KeyFile.write(open.text(comment: "Boxwood: the broker's public key."), to: brokerPublicPath, mode: 0o644)
        return pair
    }

    /// A new pair for a client, a worker or an admin, whom brokers let in from now on.
    /// - Throws: `key` where there is one of the name already, or the broker has no key yet.
    public func make(_ role: PeerRole, _ name: String) throws(MessagingError) -> Credential {
        guard KeyName.isValid(name) else {
            throw MessagingError(.key, "a key's name has 1 to \(KeyName.longest) of a-z A-Z 0-9 . _ -")
        }
        guard FileManager.default.fileExists(atPath: brokerPublicPath) else {
            throw MessagingError(.key, "\(brokerPublicPath) is missing; first: boxwood keys new broker")
        }
        let credential = Credential(
            role: role, name: name, pair: try CurveKeyPair.generate(), broker: try brokerPublicKey())
        try makeFolders()
        try KeyFile.write(
            credential.text.text(
                comment: "Boxwood: the secret key of \(role.rawValue) \(name). Whoever reads it is it."),
            to: secretPath(role, name), mode: 0o600)
        let open = KeyText(["role": role.rawValue, "name": name, "public": credential.pair.publicKey.text])
        do throws(MessagingError) {
            try KeyFile.write(
                open.text(comment: "Boxwood: the public key of \(role.rawValue) \(name)."),
                to: authorizedPath(role, name), mode: 0o644)
        } catch {
            unlink(secretPath(role, name))
            throw error
        }
        return credential
    }

    /// Takes somebody off those whom brokers let in.
    /// - Throws: `key` where nobody of the name is among them.
    public func revoke(_ role: PeerRole, _ name: String) throws(MessagingError) {
        let path = authorizedPath(role, name)
        guard unlink(path) == 0 else {
            throw MessagingError(.key, "\(path) cannot be removed: \(String(cString: strerror(errno)))")
        }
    }

    private func makeFolders() throws(MessagingError) {
        let secret = [path] + PeerRole.allCases.map { "\(path)/\($0.rawValue)" }
        let open = [authorizedPath] + PeerRole.allCases.map { "\(authorizedPath)/\($0.rawValue)" }
        for (folder, mode) in secret.map({ ($0, 0o700) }) + open.map({ ($0, 0o755) }) {
            guard !FileManager.default.fileExists(atPath: folder) else { continue }
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
            } catch {
                throw MessagingError(.key, "\(folder) cannot be made")
            }
        }
    }
}
