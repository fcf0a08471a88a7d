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
///
/// By `posix_spawn` and `waitpid`: Foundation's `Process` notices an end by a descriptor that other programs, started at
/// the same moment, may inherit, and then waits for theirs.
final class RunningProgram: Sendable {
    let pid: Int32
    private let input: Int32
    private let output: Gathered
    private let errors: Gathered
    private let ending: Ending

    /// One program is started at a time, so that its pipes can be kept out of every other's.
    private static let starting = Mutex(())

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - environment: on top of the variables that every run gets.
    ///   - program: `boxwood`, unless another one is named.
    init(
        _ arguments: [String], environment: [String: String] = [:], program: String = BuiltProgram.path
    ) throws {
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("BOXWOOD_") }
        let variables = inherited.merging(["BOXWOOD_MODEL": BuiltProgram.model]) { $1 }.merging(environment) { $1 }
        let (pid, pipes) = try Self.starting.withLock { _ in
            try Self.spawn(program, arguments, variables.map { "\($0)=\($1)" })
        }
        self.pid = pid
        input = pipes[0]
        output = Gathered(pipes[1])
        errors = Gathered(pipes[2])
        ending = Ending(pid)
    }

    var isRunning: Bool { ending.status == nil }
    var outputSoFar: String { output.text }
    var errorsSoFar: String { errors.text }

    func signal(_ number: Int32) {
        if isRunning { kill(pid, number) }
    }

    /// Writes to the standard input and closes it.
    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            guard written > 0 else { break }
            rest = rest.dropFirst(written)
        }
        close(input)
    }

    func end() async -> BuiltProgram.Outcome {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [self] in
                let status = ending.wait()
                output.waitForEnd()
                errors.waitForEnd()
                continuation.resume(
                    returning: BuiltProgram.Outcome(status: status, output: output.text, errors: errors.text))
            }
        }
    }

    /// Starts the program; returns our ends of its three streams.
    private static func spawn(
        _ program: String, _ arguments: [String], _ variables: [String]
    ) throws -> (pid: Int32, pipes: [Int32]) {
        let pipes = try (0..<3).map { _ in try closedOnExec() }
        // The program reads from the first pipe and writes to the others.
        let theirs = [pipes[0].read, pipes[1].write, pipes[2].write]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (stream, end) in theirs.enumerated() { posix_spawn_file_actions_adddup2(&actions, end, Int32(stream)) }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var settings = variables.map { strdup($0) } + [nil]
        defer { for word in words + settings { free(word) } }
        var pid: Int32 = 0
        let error = posix_spawn(&pid, program, &actions, nil, &words, &settings)
        for end in theirs { close(end) }
        guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .ENOENT) }
        return (pid, [pipes[0].write, pipes[1].read, pipes[2].read])
    }

    private static func closedOnExec() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}

/// How a program ended, waited for by a thread.
private final class Ending: Sendable {
    private let result = Mutex<Int32?>(nil)
    private let finished = DispatchSemaphore(value: 0)

    init(_ pid: Int32) {
        Thread.detachNewThread { [self] in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            result.withLock { $0 = signal == 0 ? (status >> 8) & 0xFF : -signal }
            finished.signal()
        }
    }

    /// The exit status, or the signal that ended it, negative; `nil` while it runs.
    var status: Int32? { result.withLock { $0 } }

    func wait() -> Int32 {
        finished.wait()
        finished.signal()
        return status ?? 0
    }
}

/// What comes out of a pipe, gathered by a thread.
private final class Gathered: Sendable {
    private let bytes = Mutex(Data())
    private let finished = DispatchSemaphore(value: 0)

    init(_ descriptor: Int32) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                bytes.withLock { $0.append(contentsOf: buffer[..<count]) }
            }
            close(descriptor)
            finished.signal()
        }
    }

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

    func waitForEnd() {
        finished.wait()
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
