// SPDX-License-Identifier: MIT
import Foundation
import HubSupport
import Testing

/// `boxwood model`, and models by name wherever a folder does, against a hub on this machine.
@Suite(
    "Models by name", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"))
struct ModelCommandTests {
    private static let name = "acme/nano"
    private let samples: Samples
    private let hub: FakeHub
    private let home: String

    init() throws {
        samples = try Samples()
        var files = try FakeRepository.files(ofFolder: BuiltProgram.model)
        files["pytorch_model.bin"] = .init(Data("a program".utf8), isLarge: true)
        hub = try FakeHub(FakeRepository(Self.name, files))
        home = samples.folder.appending(path: "hub-\(UUID().uuidString)").path
    }

    private var environment: [String: String] {
        [
            "HF_HOME": home, "HF_ENDPOINT": hub.url, "HF_TOKEN": "", "HF_HUB_CACHE": "", "HF_HUB_OFFLINE": "",
            "BOXWOOD_CACHE": home + "/quantised",
        ]
    }

    private func run(_ arguments: String..., with more: [String: String] = [:]) async throws -> BuiltProgram.Outcome {
        try await BuiltProgram.run(arguments, environment: environment.merging(more) { $1 })
    }

    @Test("From a pull to a picture, and away again")
    func wholeWay() async throws {
        defer { hub.stop() }
        let picture = try samples.picture()
        let before = try await run("caption", picture, "--local", "--model", Self.name)
        #expect(before.status == 65 && before.errors.contains("boxwood model pull \(Self.name)"))

        let pulled = try await run("model", "pull", Self.name)
        #expect(pulled.status == 0, "\(pulled.errors)")
        let folder = pulled.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(folder == "\(home)/hub/models--acme--nano/snapshots/\(FakeRepository.firstCommit)")
        #expect(!hub.requests.contains { $0.target.contains(".bin") || $0.target.contains("README") })

        for model in [
            Self.name, "\(Self.name)@\(FakeRepository.firstCommit)",
            "\(Self.name)@\(FakeRepository.firstCommit.prefix(8))",
        ] {
            let near = try await run("caption", picture, "--local", "--json", "--model", model)
            #expect(near.status == 0, "\(near.errors)")
            let identity = near.json["model"] as? [String: Any]
            #expect(identity?["name"] as? String == Self.name)
        }
        let tokens = try await run("inspect", "model", "--model", Self.name)
        #expect(tokens.status == 0 && tokens.output.contains(Self.name))

        let list = try await run("model", "list")
        #expect(list.output.contains(Self.name) && list.output.contains("main") && list.output.contains("ready"))
        let inspected = try await run("model", "inspect", Self.name, "--json")
        #expect(inspected.json["commit"] as? String == FakeRepository.firstCommit)
        #expect((inspected.json["files"] as? [Any])?.count == 9)

        let verified = try await run("model", "verify", Self.name)
        #expect(
            verified.status == 0 && verified.output.contains("tensors: whole"), "\(verified.output)\(verified.errors)")

        let quantised = try await run("model", "quantize", Self.name, "--precision", "q8")
        let file = quantised.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(quantised.status == 0 && FileManager.default.fileExists(atPath: file), "\(quantised.errors)")
        #expect(try await run("model", "list").output.contains("ready, q8"))

        let unsure = try await run("model", "rm", Self.name)
        #expect(
            unsure.status == 64 && unsure.errors.contains("--yes") && FileManager.default.fileExists(atPath: folder))
        let removed = try await run("model", "rm", Self.name, "--yes")
        #expect(removed.status == 0 && removed.output.hasPrefix("freed "), "\(removed.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder) && !FileManager.default.fileExists(atPath: file))
        #expect(try await run("model", "list").output.isEmpty)
    }

    @Test("A service by name")
    func service() async throws {
        defer { hub.stop() }
        #expect(try await run("model", "pull", Self.name, "--quiet").errors.isEmpty)
        let picture = try samples.picture()
        try await RunningService.use(options: ["--model", Self.name], environment: environment) { service in
            let outcome = try await service.run(["caption", picture, "--json"])
            #expect((outcome.json["model"] as? [String: Any])?["name"] as? String == Self.name, "\(outcome.errors)")
        }
    }

    @Test("A folder of that name wins")
    func folder() async throws {
        defer { hub.stop() }
        let place = samples.folder.appending(path: "acme/nano").path
        try FileManager.default.createDirectory(
            atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: BuiltProgram.model)
        let shell = try RunningProgram(
            [
                "-c", "cd \"$0\" && exec \"$@\"", samples.folder.path, BuiltProgram.path, "inspect", "model", "--model",
                Self.name,
            ],
            environment: environment, program: "/bin/bash")
        shell.send([])
        let outcome = await shell.end()
        #expect(outcome.status == 0 && hub.requests.isEmpty, "\(outcome.errors)")
    }

    @Test("Killed and stopped pulls are gone on with", arguments: [SIGKILL, SIGINT, SIGTERM])
    func interrupted(_ signal: Int32) async throws {
        defer { hub.stop() }
        hub.script { request, reply in
            var reply = reply
            if request.isStore, reply.body.count > 5_000_000 { (reply.cutAfter, reply.holds) = (4_000_000, true) }
            return reply
        }
        let blobs = "\(home)/hub/models--acme--nano/blobs"
        func unfinished() -> Int? {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: blobs)) ?? []
            let name = names.first { $0.hasSuffix(".incomplete") && $0.utf8.count > 70 }
            return name.flatMap { FileManager.default.contents(atPath: "\(blobs)/\($0)")?.count }
        }
        let program = try RunningProgram(["model", "pull", Self.name], environment: environment)
        #expect(try await eventually { (unfinished() ?? 0) > 1_000_000 })
        program.signal(signal)
        let end = await program.end()
        #expect(end.status == (signal == SIGKILL ? -SIGKILL : 130), "\(end.errors)")
        let left = try #require(unfinished())
        #expect(try await run("model", "list").output.isEmpty, "nothing half there")
        hub.script { $1 }
        let again = try await run("model", "pull", Self.name, "--json")
        #expect(again.status == 0, "\(again.errors)")
        #expect(hub.requests.last { $0.isStore }?.headers["range"] == "bytes=\(left)-")
        #expect(try await run("model", "verify", Self.name).status == 0)
    }

    @Test("What is damaged is found, named and mended")
    func damage() async throws {
        defer { hub.stop() }
        let folder = try await run("model", "pull", Self.name).output.trimmingCharacters(in: .whitespacesAndNewlines)
        let weights = URL(fileURLWithPath: "\(folder)/model.safetensors").resolvingSymlinksInPath()
        var bytes = try Data(contentsOf: weights)
        bytes[bytes.count - 5] ^= 4
        try bytes.write(to: weights)
        let found = try await run("model", "verify", Self.name)
        #expect(found.status == 65 && found.output.contains("damaged") && found.errors.contains("--repair"))
        #expect(try await run("model", "pull", Self.name, "--repair").status == 0)
        #expect(try await run("model", "verify", Self.name).status == 0)
        try FileManager.default.removeItem(at: weights)
        #expect(try await run("model", "verify", Self.name).status == 65)
    }

    @Test("Exit codes")
    func exits() async throws {
        defer { hub.stop() }
        #expect(try await run("model", "pull", "no-name").status == 64)
        #expect(try await run("model", "pull", "acme/other", with: ["HF_TOKEN": "hf_x"]).status == 65)
        #expect(try await run("model", "pull", "acme/other").status == 77)
        #expect(try await run("model", "pull", Self.name, "--revision", "v9").status == 65)
        #expect(try await run("model", "pull", Self.name, with: ["HF_HUB_OFFLINE": "1"]).status == 69)
        #expect(try await run("model", "pull", Self.name, with: ["HF_ENDPOINT": "mirror"]).status == 64)
        #expect(try await run("model", "pull", Self.name, with: ["HF_HUB_CACHE": "/proc/none"]).status == 74)
        hub.change(Self.name) { $0.admission = .gated("hf_x") }
        #expect(try await run("model", "pull", Self.name).status == 77)
        hub.change(Self.name) { repository in
            repository.admission = .everybody
            repository.commits[FakeRepository.firstCommit]?["config.json"] = .init(
                Data("{\"model_type\": \"llama\"}".utf8))
        }
        let other = try await run("model", "pull", Self.name)
        #expect(other.status == 65 && other.errors.contains("llama"))
        #expect(hub.requests.allSatisfy { !$0.isStore }, "the weights of a model that cannot be run")
        #expect(try await run("model", "rm", "acme/other", "--yes").status == 65)
    }
}
