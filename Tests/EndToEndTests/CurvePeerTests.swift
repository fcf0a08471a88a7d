// SPDX-License-Identifier: MIT
import Client
import Foundation
import Messaging
import Testing
import Wire

private let hasSodium: Bool = {
    let words = ["-c", "import ctypes; ctypes.CDLL('libsodium.so.23')"]
    guard let probe = try? RunningProgram(words, program: "/usr/bin/python3") else { return false }
    while probe.isRunning { Thread.sleep(forTimeInterval: 0.01) }
    return !probe.errorsSoFar.contains("Error")
}()

/// A peer with a key that is let in, which speaks CURVE by hand (`Tests/Peers/curve_peer.py`) and then does not behave.
@Suite(
    "A hostile peer with a key", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: hasSodium, "/usr/bin/python3 has no libsodium.so.23 to load"))
struct CurvePeerTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Peers/curve_peer.py").path

    /// Runs the peer as alice.
    private func peer(_ mode: String, _ words: [String], _ keys: KeyFolder, _ broker: RunningBroker) async throws
        -> BuiltProgram.Outcome
    {
        let address = String(broker.front.dropFirst("tcp://".count))
        let file = keys.secretPath(.client, "alice")
        let program = try RunningProgram([Self.script, mode, address, file] + words, program: "/usr/bin/python3")
        program.send([])
        return await program.end()
    }

    @Test("The name in its greeting does not count: it is who its key is")
    func forgedName() async throws {
        let keys = try TemporaryKeys()
        _ = try keys.folder.make(.client, "alice")
        let root = try keys.folder.make(.admin, "root")
        try await RunningBroker.use(keys: keys.folder) { broker in
            let outcome = try await peer("forge", [root.pair.publicKey.text], keys.folder, broker)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("PERMISSION_DENIED") && outcome.output.contains("ROLE"))
            #expect(try await broker.client(root).status().counters["messages_denied_total"] == 1)
        }
    }

    @Test("Its message without an end is cut, and others are answered meanwhile and afterwards")
    func endless() async throws {
        let keys = try TemporaryKeys()
        _ = try keys.folder.make(.client, "alice")
        let root = try keys.folder.make(.admin, "root")
        try await RunningBroker.use(keys: keys.folder) { broker in
            let client = try broker.client(root)
            #expect(try await client.health() == .serving)
            async let outcome = peer("endless", [], keys.folder, broker)
            var peak = 0
            let isCut = try await eventually {
                peak = max(peak, broker.residentBytes)
                return try await client.status(timeout: .seconds(30)).counters["connections_over_memory_total"] == 1
            }
            #expect(isCut && peak < 3 << 29, "\(peak >> 20) MB")
            #expect(try await outcome.output == "stopped\n")
            #expect(try await client.health() == .serving)
        }
    }
}
