// SPDX-License-Identifier: MIT
import Foundation
import Synchronization

/// The executable under test: `boxwood`, built beside the tests.
enum BuiltProgram {
    static let path: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "."
        // Beside the test bundle, or in the folder that the runner was given.
        let bundles = CommandLine.arguments.filter { $0.hasSuffix(".xctest") } + [tests]
        let found = bundles.map { URL(fileURLWithPath: $0).deletingLastPathComponent().appending(path: "boxwood").path }
        return found.first { FileManager.default.isExecutableFile(atPath: $0) } ?? found[0]
    }()

    static var exists: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// The embedded model, in the package that these tests belong to.
    static let model = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "models/boxwood-nano").path

    static var hasModel: Bool { FileManager.default.fileExists(atPath: model + "/config.json") }

    /// How a run of the program ended.
    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var errors: String

        /// The output as a JSON object; empty when it is none.
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any] ?? [:]
        }
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:]
    ) async throws -> Outcome {
        let running = try RunningProgram(arguments, environment: environment)
        running.send(input)
        return await running.end()
    }
}

/// A started program whose output is gathered as it comes.
final class RunningProgram: Sendable {
    private let process = Process()
    private let input: Pipe
    private let output: Gathered
    private let errors: Gathered

    /// A pipe that another program inherits by chance keeps our reader waiting for that program's end. So programs are
    /// started one at a time, and their pipes stay out of each other's.
    private static let starting = Mutex(())

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - environment: on top of the variables that every run gets.
    ///   - program: `boxwood`, unless another one is named.
    init(
        _ arguments: [String], environment: [String: String] = [:], program: String = BuiltProgram.path
    ) throws {
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("BOXWOOD_") }
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = inherited.merging(["BOXWOOD_MODEL": BuiltProgram.model]) { $1 }
            .merging(environment) { $1 }
        let process = process
        let pipes = try Self.starting.withLock { _ in
            let pipes = (0..<3).map { _ in Pipe() }
            for pipe in pipes {
                for handle in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
                    _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
                }
            }
            process.standardInput = pipes[0]
            process.standardOutput = pipes[1]
            process.standardError = pipes[2]
            try process.run()
            return pipes
        }
        input = pipes[0]
        output = Gathered(pipes[1])
        errors = Gathered(pipes[2])
    }

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    var outputSoFar: String { output.text }
    var errorsSoFar: String { errors.text }

    func signal(_ number: Int32) {
        kill(pid, number)
    }

    /// Writes to the standard input and closes it.
    func send(_ bytes: [UInt8]) {
        try? input.fileHandleForWriting.write(contentsOf: Data(bytes))
        try? input.fileHandleForWriting.close()
    }

    func end() async -> BuiltProgram.Outcome {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                output.waitForEnd()
                errors.waitForEnd()
                process.waitUntilExit()
                let status =
                    process.terminationReason == .exit
                    ? process.terminationStatus : -process.terminationStatus
                continuation.resume(
                    returning: BuiltProgram.Outcome(status: status, output: output.text, errors: errors.text))
            }
        }
    }
}

/// What comes out of a pipe, gathered by a thread.
private final class Gathered: Sendable {
    private let bytes = Mutex(Data())
    private let finished = DispatchSemaphore(value: 0)

    init(_ pipe: Pipe) {
        try? pipe.fileHandleForWriting.close()
        Thread.detachNewThread { [self] in
            while true {
                let data = pipe.fileHandleForReading.availableData
                if data.isEmpty { break }
                bytes.withLock { $0 += data }
            }
            finished.signal()
        }
    }

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

    func waitForEnd() {
        finished.wait()
        // For whoever asks again.
        finished.signal()
    }
}

/// Waits until something holds, for at most a generous while.
func eventually(
    within limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}
