// SPDX-License-Identifier: MIT
import Client
import Foundation
import Messaging
import Testing
import Wire

/// `boxwood broker` alone, as a process of its own.
struct RunningBroker {
    let program: RunningProgram
    let front: String
    let back: String

    static func use(keys: KeyFolder? = nil, _ body: (RunningBroker) async throws -> Void) async throws {
        let broker = try await RunningBroker(keys: keys)
        var failure: (any Error)?
        do {
            try await body(broker)
        } catch {
            failure = error
        }
        broker.program.signal(failure == nil ? SIGTERM : SIGKILL)
        let isOver = try await eventually(within: .seconds(20)) { !broker.program.isRunning }
        #expect(isOver, "the broker does not end")
        broker.program.signal(SIGKILL)
        let outcome = await broker.program.end()
        if let failure { throw failure }
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    init(
        keys: KeyFolder? = nil, front: String = "tcp://127.0.0.1:*", back: String = "tcp://127.0.0.1:*"
    ) async throws {
        let program = try RunningProgram(
            ["broker", "--client-endpoint", front, "--worker-endpoint", back]
                + (keys.map { ["--keys", $0.path] } ?? []))
        let isUp = try await eventually { program.outputSoFar.contains("worker ") || !program.isRunning }
        if !isUp { program.signal(SIGKILL) }
        try #require(isUp && program.isRunning, "\(program.errorsSoFar)")
        func address(_ word: String) throws -> String {
            let line = program.outputSoFar.split(separator: "\n").first { $0.hasPrefix(word + " ") }
            return String(try #require(line).dropFirst(word.count + 1))
        }
        self.program = program
        self.front = try address("client")
        self.back = try address("worker")
    }

    func client(_ credential: Credential? = nil) throws -> BoxwoodClient {
        try BoxwoodClient(ClientConfiguration(endpoint: front, credential: credential))
    }

    /// Resident memory in bytes.
    var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/\(program.pid)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(program.pid)/fd").count) ?? 0
    }
}

/// A folder of keys that goes with the test.
final class TemporaryKeys: Sendable {
    let folder: KeyFolder

    init() throws {
        folder = KeyFolder(
            FileManager.default.temporaryDirectory.appending(path: "boxwood-keys-\(UUID().uuidString)").path)
        _ = try folder.makeBroker()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder.path)
    }
}
