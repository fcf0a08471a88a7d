// SPDX-License-Identifier: MIT
import Foundation
import Messaging
import Testing

/// `boxwood keys`, and a service that has some.
@Suite(
    "Keys on the command line", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"))
struct KeyCommandTests {
    private let keys: TemporaryKeys
    private var path: String { keys.folder.path }

    init() throws {
        keys = try TemporaryKeys()
    }

    private func run(_ words: String...) async throws -> BuiltProgram.Outcome {
        try await BuiltProgram.run(words, environment: ["BOXWOOD_KEYS": path])
    }

    @Test("Made, listed, shown, revoked; never written over")
    func commands() async throws {
        let made = try await run("keys", "new", "client", "alice")
        #expect(made.status == 0 && made.output.contains("\(path)/client/alice.key"))
        let secret = try String(contentsOfFile: "\(path)/client/alice.key", encoding: .utf8)
        let word = try #require(secret.split(separator: "\n").first { $0.hasPrefix("secret ") }).dropFirst(7)
        #expect(!made.output.contains(word) && !made.errors.contains(word))

        let again = try await run("keys", "new", "client", "alice")
        #expect(again.status == 65 && again.errors.contains("not overwritten"))
        #expect(try await run("keys", "new", "broker").status == 65)
        #expect(try await run("keys", "new", "king", "alice").status == 64)
        #expect(try await run("keys", "new", "client").status == 64)
        #expect(try await run("keys", "new", "client", "../alice").status == 65)

        let list = try await run("keys", "list")
        #expect(list.output.contains("alice") && list.output.contains("broker") && !list.output.contains(word))
        let shown = try await run("keys", "show", "client", "alice")
        #expect(shown.status == 0 && shown.output.utf8.count == 41 && made.output.contains(shown.output))
        #expect(try await run("keys", "show", "client", "bob").status == 65)

        #expect(try await run("keys", "revoke", "client", "alice").status == 0)
        #expect(try await run("keys", "revoke", "client", "alice").status == 65)
        #expect(try await run("keys", "list").output.contains("no"))
    }

    @Test(
        "Nothing is listened on, or spoken to, beyond this machine without keys",
        arguments: [
            ["broker", "--client-endpoint", "tcp://0.0.0.0:*"], ["broker", "--worker-endpoint", "tcp://*:*"],
            ["up", "--client-endpoint", "tcp://0.0.0.0:*"], ["status", "--endpoint", "tcp://192.0.2.1:5540"],
            ["worker", "--endpoint", "tcp://127.0.0.1:1,tcp://192.0.2.1:5541"],
        ])
    func wide(_ words: [String]) async throws {
        let outcome = try await BuiltProgram.run(words)
        #expect(outcome.status == 64, "\(outcome.errors)")
        #expect(outcome.errors.contains("--key"), "\(outcome.errors)")
    }

    @Test("A secret that others may read is refused, by name")
    func openSecret() async throws {
        let alice = try keys.folder.make(.client, "alice")
        let file = keys.folder.secretPath(alice.role, alice.name)
        chmod(file, 0o644)
        let outcome = try await BuiltProgram.run(["status", "--key", file])
        #expect(outcome.status == 65 && outcome.errors.contains(file) && outcome.errors.contains("chmod 600"))
        chmod(keys.folder.brokerSecretPath, 0o644)
        let broker = try await BuiltProgram.run(["broker", "--keys", path, "--client-endpoint", "tcp://127.0.0.1:*"])
        #expect(broker.status == 65 && broker.errors.contains("broker.key"))
    }

    @Test(
        "A service with keys: each does what its role may, until its key is revoked",
        .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"))
    func service() async throws {
        for (role, name) in [("worker", "local"), ("client", "alice"), ("admin", "root")] {
            #expect(try await run("keys", "new", role, name).status == 0)
        }
        let program = try RunningProgram([
            "up", "--keys", path, "--workers", "1", "--threads", "1", "--client-endpoint", "tcp://127.0.0.1:*",
            "--worker-endpoint", "tcp://127.0.0.1:*",
        ])
        let isReady = try await eventually { program.outputSoFar.contains("ready\n") || !program.isRunning }
        #expect(isReady && program.isRunning, "\(program.errorsSoFar)")
        let line = program.outputSoFar.split(separator: "\n").first { $0.hasPrefix("client ") }
        let endpoint = line.map { String($0.dropFirst("client ".count)) } ?? ""
        let picture = BuiltProgram.model + "/samples/scene-1.jpg"
        func detect(_ key: String?) async throws -> BuiltProgram.Outcome {
            try await BuiltProgram.run(
                ["detect", picture, "--label", "penguin", "--endpoint", endpoint] + (key.map { ["--key", $0] } ?? []))
        }
        let (alice, root) = (path + "/client/alice.key", path + "/admin/root.key")
        #expect(try await detect(alice).status == 0)
        #expect(try await detect(root).status == 0)
        #expect(try await detect(nil).status == 77)
        #expect(try await detect(path + "/worker/local.key").status == 77)
        let asked = try await BuiltProgram.run(["status", "--endpoint", endpoint, "--key", alice])
        #expect(asked.status == 77 && asked.errors.contains("client"))
        #expect(try await BuiltProgram.run(["status", "--endpoint", endpoint, "--key", root]).status == 0)
        #expect(try await run("keys", "revoke", "client", "alice").status == 0)
        #expect(try await detect(alice).status == 77)
        program.signal(SIGTERM)
        let isOver = try await eventually(within: .seconds(40)) { !program.isRunning }
        if !isOver { program.signal(SIGKILL) }
        #expect(await program.end().status == 0)
    }
}
