// SPDX-License-Identifier: MIT
import Foundation
import Logging
import Messaging
import Testing
import Worker

/// The table of `protocol/interop.md`: one broker, one worker, two clients that share no line of code.
@Suite(
    "Interoperation", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"))
struct InteropTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    private static let script = folder.appending(path: "../Peers/interop.py").standardizedFileURL.path

    /// The names in the first column of the table's lines.
    private static func table() throws -> [String] {
        let document = folder.appending(path: "../../protocol/interop.md").standardizedFileURL
        let text = try String(contentsOf: document, encoding: .utf8)
        let start = try #require(text.range(of: "## The table"))
        return text[start.upperBound...].split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
            line in
            String(line.dropFirst(3).prefix { $0 != "`" })
        }
    }

    /// A broker's process, and a worker with the pretended engine in this one.
    private func withService(_ body: (InteropPeer) async throws -> Void) async throws {
        try await RunningBroker.use { broker in
            let worker = WorkerLoop(
                WorkerConfiguration(
                    endpoints: [broker.back], name: "interop", pid: 1, version: "0",
                    helloInterval: .milliseconds(50)),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ) { InteropEngine() }
            let thread = DedicatedThread(name: "worker") { try? worker.run() }
            defer {
                worker.stop()
                thread.join()
            }
            try await body(InteropPeer(endpoint: broker.front))
        }
    }

    private func python(_ argument: String) async throws -> [String] {
        let program = try RunningProgram([Self.script, argument], program: Python.path)
        program.send([])
        let outcome = await program.end()
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.output.split(separator: "\n").map(String.init)
    }

    @Test("Our client does every line")
    func ours() async throws {
        let table = try Self.table()
        #expect(table.count >= 30 && Set(table) == Set(InteropCases.all.keys))
        try await withService { peer in
            for name in table {
                do {
                    try await InteropCases.all[name]?(peer)
                } catch {
                    Issue.record("\(name): \(error)")
                }
            }
        }
    }

    @Test(
        "So does a script over pyzmq", .enabled(if: Python.hasZeroMQ, "/usr/bin/python3 has no zmq"))
    func script() async throws {
        let table = try Self.table()
        #expect(Set(try await python("--list")) == Set(table))
        try await withService { peer in
            let lines = try await python(peer.endpoint)
            #expect(Set(lines) == Set(table.map { "ok \($0)" }))
            #expect(lines.count == table.count)
        }
    }
}
