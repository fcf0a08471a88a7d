// SPDX-License-Identifier: MIT
import Client
import Foundation
import Grounding
import Testing
import Wire

@Suite(
    "Bad input", .serialized, .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"))
struct BadInputTests {
    private let samples: Samples

    init() throws {
        samples = try Samples()
    }

    /// A file by its contents; the words that the message must hold.
    struct BadFile: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: @Sendable () throws -> [UInt8]
        var words: String

        init(_ name: String, _ words: String, _ bytes: @escaping @Sendable () throws -> [UInt8]) {
            testDescription = name
            self.words = words
            self.bytes = bytes
        }
    }

    static let files = [
        BadFile("empty", "empty") { [] },
        BadFile("text", "JPEG or PNG") { Array("not a picture at all".utf8) },
        BadFile("GIF", "GIF") { Array("GIF89a".utf8) + [UInt8](repeating: 0, count: 100) },
        BadFile("truncated PNG", "end") { try Samples.png().dropLast(60) },
        BadFile("truncated JPEG", "end") { try Samples.jpeg().dropLast(300) },
    ]

    @Test("A file that is no whole picture, here and at the service")
    func files() async throws {
        try await RunningService.use(workers: 1) { service in
            for bad in Self.files {
                let path = try samples.write("bad", bad.bytes())
                let near = try await BuiltProgram.run(["caption", path, "--local"])
                let far = try await service.run(["caption", path])
                for outcome in [near, far] {
                    #expect(outcome.status == 65, "\(bad.testDescription): \(outcome.errors)")
                    #expect(outcome.output.isEmpty)
                    #expect(outcome.errors.contains(path) && outcome.errors.contains(bad.words), "\(outcome.errors)")
                }
            }
            // The service is as well as before.
            #expect(try await service.run(["caption", samples.picture()]).status == 0)
            #expect(try await service.client.status().counters["workers_lost_total"] == 0)
        }
    }

    @Test("A NUL that comes past the command line is refused by the service")
    func nul() async throws {
        try await RunningService.use(workers: 1) { service in
            let status = await #expect(throws: RPCStatus.self) {
                try await service.client.detect(image: Samples.png(), labels: ["dog", "a\0b"])
            }
            #expect(status?.code == .invalidArgument)
            #expect(status?.violations.map(\.field) == ["labels[1]"])
        }
    }

    @Test(
        "Arguments that can never succeed",
        arguments: [
            (["detect", "P", "--label", String(repeating: "x", count: 10_240)], 65, "labels[0]"),
            (["detect", "P", "--label", ""], 65, "labels[0]"), (["detect", "P", "--label", "a\u{1B}b"], 65, "U+001B"),
            (["generate", "P", ""], 65, "prompt"), (["ask", "P", "  "], 65, "question"),
            (["describe", "P", "--box", "0.5,0.5,0.4,0.6"], 65, "box"),
            (["describe", "P", "--box", "1,2,3"], 64, "box"),
            (["caption", "P", "--max-new-tokens", "0"], 65, "max_new_tokens"),
            (["caption", "P", "--max-new-tokens", "2048"], 65, "max_new_tokens"),
            (["caption", "P", "--beams", "9"], 65, "beams"), (["caption", "P", "--seed", "1"], 64, "--temperature"),
            (["ground", "P", "no mark"], 64, "<phrase>"), (["detect", "P"], 64, "--label"), (["caption"], 64, "image"),
            (["nonsense"], 64, "nonsense"), (["caption", "P", "--timeout", "soon"], 64, "time"),
            (["caption", "P", "--model", "/nowhere"], 65, "/nowhere"),
            (["detect", "P", "--labels-file", "/nowhere"], 66, "/nowhere"),
            (["caption", "/nowhere/at/all.jpg"], 66, "/nowhere/at/all.jpg"), (["caption", "/"], 66, "folder"),
        ] as [([String], Int32, String)])
    func arguments(_ words: [String], _ status: Int32, _ message: String) async throws {
        let picture = try samples.picture()
        let local = words.count > 1 ? ["--local"] : []
        let outcome = try await BuiltProgram.run(words.map { $0 == "P" ? picture : $0 } + local)
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test("Out of time")
    func deadline() async throws {
        let labels = try samples.write("labels", Samples.manyLabels.joined(separator: "\n").utf8)
        let outcome = try await BuiltProgram.run([
            "detect", samples.picture(), "--labels-file", labels, "--local", "--timeout", "1ms",
        ])
        #expect(outcome.status == 124, "\(outcome.errors)")
    }

    @Test("No service: says so, says how to start one, and is told apart", arguments: ["status", "caption"])
    func noService(_ verb: String) async throws {
        let picture = verb == "caption" ? [try samples.picture()] : []
        // Nothing listens on port 1 of the loopback.
        let outcome = try await BuiltProgram.run(
            [verb] + picture, environment: ["BOXWOOD_ENDPOINT": "tcp://127.0.0.1:1"])
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("tcp://127.0.0.1:1") && outcome.errors.contains("boxwood up"))
    }

    @Test(
        "A service that cannot start ends at once",
        arguments: [("tcp://0.0.0.0:*", 64), ("nonsense", 64), ("ipc:///nowhere/at/all.sock", 69)] as [(String, Int32)])
    func noStart(_ endpoint: String, _ status: Int32) async throws {
        let outcome = try await BuiltProgram.run([
            "up", "--client-endpoint", endpoint, "--worker-endpoint", "tcp://127.0.0.1:*",
        ])
        #expect(outcome.status == status, "\(outcome.errors)")
    }
}
