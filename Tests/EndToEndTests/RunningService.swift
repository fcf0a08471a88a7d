// SPDX-License-Identifier: MIT
import Client
import Foundation
import Testing
import Wire

/// `boxwood up` on free ports, ready to answer.
struct RunningService {
    let program: RunningProgram
    let endpoint: String
    let client: BoxwoodClient

    /// Starts a service, lets `body` use it, and ends it whatever happens.
    /// - Parameter options: for `up`, beside the usual ones.
    static func use(
        workers: Int = 2, options: [String] = [], environment: [String: String] = [:],
        _ body: (RunningService) async throws -> Void
    ) async throws {
        let service = try await RunningService(workers: workers, options: options, environment: environment)
        let children = service.children
        var failure: (any Error)?
        do {
            try await body(service)
        } catch {
            failure = error
        }
        service.client.close()
        if service.program.isRunning { service.program.signal(failure == nil ? SIGTERM : SIGKILL) }
        let isOver = try await eventually(within: .seconds(20)) { !service.program.isRunning }
        #expect(isOver, "the service does not end")
        // What a broken program left behind would hold the pipes that we are reading.
        for child in (isOver ? [] : [service.program.pid]) + children + service.children where isAlive(child) {
            kill(child, SIGKILL)
        }
        _ = await service.program.end()
        if let failure { throw failure }
    }

    private init(workers: Int, options: [String], environment: [String: String]) async throws {
        let program = try RunningProgram(
            [
                "up", "--workers", String(workers), "--threads", "1", "--http", "none", "--client-endpoint",
                "tcp://127.0.0.1:*",
                "--worker-endpoint", "tcp://127.0.0.1:*",
            ] + options, environment: environment)
        let isReady = try await eventually {
            program.outputSoFar.contains("ready\n") || !program.isRunning
        }
        if !isReady { program.signal(SIGKILL) }
        try #require(isReady && program.isRunning, "\(program.errorsSoFar)")
        self.program = program
        let line = program.outputSoFar.split(separator: "\n").first { $0.hasPrefix("client ") }
        endpoint = String(try #require(line).dropFirst("client ".count))
        client = try BoxwoodClient(ClientConfiguration(endpoint: endpoint))
        // The last of the workers may still be loading.
        let all = try await eventually { try await client.status().workers.count == workers }
        try #require(all)
    }

    func run(
        _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]
    ) async throws -> BuiltProgram.Outcome {
        try await BuiltProgram.run(arguments + ["--endpoint", endpoint], input: input, environment: environment)
    }

    func workers() async throws -> [ProtoWorkerState] {
        try await client.status().workers
    }

    /// The processes that `up` started and that still run.
    var children: [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap(Int32.init).filter { Self.parent(of: $0) == program.pid }
    }

    private static func parent(of pid: Int32) -> Int32? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
        // The name in parentheses may hold anything; the state and the parent follow the last one.
        return text.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap { Int32($0) }
    }
}

/// Whether a process is there and not merely waiting to be buried.
func isAlive(_ pid: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return text.split(separator: ")").last?.split(separator: " ").first != "Z"
}
