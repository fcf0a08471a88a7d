// SPDX-License-Identifier: MIT

import Foundation
import Messaging
import Testing

@Suite("Keys and their files")
struct KeyTests {
    private let keys = TemporaryKeys()
    private var folder: KeyFolder { keys.folder }

    private func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("Two new pairs differ, and printing one does not show its secret")
    func generation() throws {
        let (a, b) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
        #expect(a.publicKey != b.publicKey && a.secretKey != b.secretKey)
        #expect(a.publicKey.text.utf8.count == 40)
        #expect("\(a.secretKey)" == "a secret key" && String(reflecting: a.secretKey) == "a secret key")
    }

    @Test(
        "What is no public key",
        arguments: [
            "", String(repeating: "0", count: 39), String(repeating: "0", count: 41), String(repeating: "~", count: 40),
            String(repeating: "é", count: 20), String(repeating: "#", count: 40),
        ])
    func noKey(_ text: String) {
        #expect(throws: MessagingError.self) { try CurvePublicKey(text) }
    }

    @Test("Files are made with the modes they need, and read back as they were")
    func files() throws {
        let broker = try folder.makeBroker()
        let alice = try folder.make(.client, "alice")
        #expect(try mode(folder.brokerSecretPath) == 0o600)
        #expect(try mode(folder.secretPath(.client, "alice")) == 0o600)
        #expect(try mode(folder.path) == 0o700)
        #expect(try folder.brokerPair() == broker && folder.brokerPublicKey() == broker.publicKey)
        #expect(try Credential(file: folder.secretPath(.client, "alice")) == alice)
        #expect(alice.broker == broker.publicKey && alice.role == .client && alice.name == "alice")
        #expect(try folder.authorized(.client, "alice") == alice.pair.publicKey)
        #expect(folder.authorizedNames(.client) == ["alice"] && folder.secretNames(.worker).isEmpty)
    }

    @Test("No key is written over another, and none is made before the broker's")
    func overwriting() throws {
        #expect(throws: MessagingError.self) { try folder.make(.client, "alice") }
        let broker = try folder.makeBroker()
        #expect(throws: MessagingError.self) { try folder.makeBroker() }
        let alice = try folder.make(.client, "alice")
        #expect(throws: MessagingError.self) { try folder.make(.client, "alice") }
        #expect(try folder.brokerPair() == broker)
        #expect(try Credential(file: folder.secretPath(.client, "alice")) == alice)
    }

    @Test("A name that is let in already leaves no secret behind that would not be")
    func halfMade() throws {
        _ = try folder.makeBroker()
        _ = try folder.make(.client, "alice")
        try FileManager.default.removeItem(atPath: folder.secretPath(.client, "alice"))
        #expect(throws: MessagingError.self) { try folder.make(.client, "alice") }
        #expect(!FileManager.default.fileExists(atPath: folder.secretPath(.client, "alice")))
    }

    @Test("Secrets that others may read are refused", arguments: [mode_t(0o604), 0o644, 0o602, 0o620, 0o660])
    func openSecrets(_ mode: mode_t) throws {
        _ = try folder.makeBroker()
        _ = try folder.make(.worker, "w")
        chmod(folder.brokerSecretPath, mode)
        chmod(folder.secretPath(.worker, "w"), mode)
        #expect(throws: MessagingError.self) { try folder.brokerPair() }
        let error = #expect(throws: MessagingError.self) { try Credential(file: folder.secretPath(.worker, "w")) }
        #expect(error?.message.contains("chmod 600") == true)
    }

    @Test("Secrets that only their owner and its group may read are taken", arguments: [mode_t(0o600), 0o400, 0o440])
    func closedSecrets(_ mode: mode_t) throws {
        let pair = try folder.makeBroker()
        chmod(folder.brokerSecretPath, mode)
        #expect(try folder.brokerPair() == pair)
    }

    @Test("A public key that anybody may change is nobody's")
    func writable() throws {
        _ = try folder.makeBroker()
        _ = try folder.make(.client, "alice")
        chmod(folder.authorizedPath(.client, "alice"), 0o666)
        #expect(throws: MessagingError.self) { try folder.authorized(.client, "alice") }
    }

    @Test("A public key in the place of another role or name is nobody's")
    func misplaced() throws {
        _ = try folder.makeBroker()
        _ = try folder.make(.client, "alice")
        let from = folder.authorizedPath(.client, "alice")
        try FileManager.default.copyItem(atPath: from, toPath: folder.authorizedPath(.admin, "alice"))
        try FileManager.default.copyItem(atPath: from, toPath: folder.authorizedPath(.client, "bob"))
        #expect(throws: MessagingError.self) { try folder.authorized(.admin, "alice") }
        #expect(throws: MessagingError.self) { try folder.authorized(.client, "bob") }
    }

    @Test(
        "What is no key file",
        arguments: [
            "", "public", "public x", "nonsense here", "role client\nrole client", String(repeating: "#", count: 5000),
            "role client\nname a\npublic ~\nsecret ~\nbroker ~",
        ])
    func damaged(_ text: String) throws {
        _ = try folder.makeBroker()
        try keys.write(text, to: folder.brokerSecretPath)
        let error = #expect(throws: MessagingError.self) { try folder.brokerPair() }
        #expect(error?.code == .key)
        #expect(throws: MessagingError.self) { try Credential(file: folder.brokerSecretPath) }
    }

    @Test("A file is the same whose lines another system's editor has ended")
    func lineEnds() throws {
        _ = try folder.makeBroker()
        let alice = try folder.make(.client, "alice")
        let path = folder.secretPath(.client, "alice")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try keys.write(
            String(text.unicodeScalars.flatMap { $0 == "\n" ? ["\r", "\n"] : [$0] }.map(Character.init)), to: path)
        #expect(try Credential(file: path) == alice)
    }

    @Test("A key whose file gives it no name that a key can have", arguments: ["a b", "../x", "n\u{7}", "-"])
    func namelessKey(_ name: String) throws {
        _ = try folder.makeBroker()
        _ = try folder.make(.client, "alice")
        let path = folder.secretPath(.client, "alice")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try keys.write(text.replacing("name alice", with: "name \(name)"), to: path)
        let error = #expect(throws: MessagingError.self) { try Credential(file: path) }
        #expect(error?.code == .key && error?.message.contains("name") == true)
    }

    @Test("Two halves that do not belong together are no pair, and the error holds neither")
    func mixed() throws {
        _ = try folder.makeBroker()
        let text = try String(contentsOfFile: folder.brokerSecretPath, encoding: .utf8)
        let other = try CurveKeyPair.generate().publicKey.text
        let lines = text.split(separator: "\n").map { $0.hasPrefix("public ") ? "public \(other)" : String($0) }
        try keys.write(lines.joined(separator: "\n"), to: folder.brokerSecretPath)
        let error = #expect(throws: MessagingError.self) { try folder.brokerPair() }
        let secret = try #require(lines.first { $0.hasPrefix("secret ") }).dropFirst(7)
        #expect(error?.message.contains(secret) == false)
    }

    @Test("Names that are safe as files", arguments: ["a", "Alice-2", "0", "x.y_z", String(repeating: "n", count: 64)])
    func names(_ name: String) { #expect(KeyName.isValid(name)) }

    @Test(
        "Names that are not",
        arguments: ["", ".", "..", "../x", "a/b", "-x", "ä", "a b", String(repeating: "n", count: 65)])
    func badNames(_ name: String) throws {
        _ = try folder.makeBroker()
        #expect(!KeyName.isValid(name))
        #expect(throws: MessagingError.self) { try folder.make(.client, name) }
    }
}

@Suite("Addresses with and without keys")
struct EndpointRuleTests {
    @Test(
        "Wider than this machine",
        arguments: [
            "tcp://0.0.0.0:1", "tcp://*:1", "tcp://10.0.0.1:1", "tcp://eth0:1", "tcp://127.example.org:1",
            "tcp://[::]:1",
            "tcp://127.1:1", "tcp://localhost.example.org:1",
            // Octal to the resolver: 87.0.0.1, and so on.
            "tcp://0127.0.0.1:1", "tcp://00127.0.0.1:1", "tcp://+127.0.0.1:1", "tcp://127.0.0.01:1",
        ])
    func wide(_ text: String) throws {
        let endpoint = try Endpoint(text)
        let bind = #expect(throws: MessagingError.self) { try endpoint.listenable(hasKeys: false) }
        #expect(bind?.message.contains("--keys") == true && bind?.code == .endpoint)
        let connect = #expect(throws: MessagingError.self) {
            try endpoint.connectable(hasKeys: false, allowsPlaintext: false)
        }
        #expect(connect?.message.contains("--key ") == true && connect?.message.contains("--plaintext") == true)
        #expect(try endpoint.listenable(hasKeys: true) == endpoint)
        #expect(try endpoint.connectable(hasKeys: true, allowsPlaintext: false) == endpoint)
        #expect(try endpoint.connectable(hasKeys: false, allowsPlaintext: true) == endpoint)
    }

    @Test(
        "This machine",
        arguments: ["tcp://127.0.0.1:1", "tcp://127.9.9.9:*", "tcp://[::1]:1", "ipc:///tmp/x", "tcp://localhost:1"])
    func local(_ text: String) throws {
        let endpoint = try Endpoint(text)
        #expect(try endpoint.listenable(hasKeys: false) == endpoint)
        #expect(try endpoint.connectable(hasKeys: false, allowsPlaintext: false) == endpoint)
    }
}
