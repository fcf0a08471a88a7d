// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// The short form of `dev/soak.sh`: brokers, workers and clients as processes, under the faults of one seed.
@Suite(
    "Soak", .timeLimit(.minutes(5)), .enabled(if: FaultPeers.exist, "the programs are not built beside the tests"))
struct SoakTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "dev/soak/soak.py").path

    @Test("Under kills, stops, cuts, a full disk and poison no answer is lost and none comes twice")
    func shortSoak() async throws {
        let words = [
            Self.script, "--seconds", "40", "--gap", "1.1", "--seed", "4", "--rate", "20", "--jobs-rate", "6", "--bin",
            URL(fileURLWithPath: BuiltProgram.path).deletingLastPathComponent().path,
        ]
        let outcome = try await RunningProgram(words, program: "/usr/bin/python3").end()
        print(outcome.output)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }
}
