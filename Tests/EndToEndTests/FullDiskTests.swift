// SPDX-License-Identifier: MIT
import Client
import Foundation
import Grounding
import Testing
import Wire

/// The processes with numbered payloads that `dev/soak.sh` uses, built beside the tests.
enum FaultPeers {
    static let path = URL(fileURLWithPath: BuiltProgram.path).deletingLastPathComponent().appending(path: "FaultPeers")
        .path

    static var exist: Bool { BuiltProgram.exists && FileManager.default.isExecutableFile(atPath: path) }
}

/// A broker whose journal finds no room any more, and finds some again.
@Suite(
    "Full disk", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: FaultPeers.exist, "the programs are not built beside the tests"),
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/prlimit"), "there is no prlimit"))
struct FullDiskTests {
    /// A folder for one test, on a small disk of its own where one may be mounted.
    private final class Place {
        let folder = FileManager.default.temporaryDirectory.appending(path: "full-\(UUID().uuidString)").path
        let isMounted: Bool

        init(mounted: Bool) async throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            isMounted = mounted
            guard mounted else { return }
            try await FullDiskTests.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=8m", "boxwood-test", folder])
        }

        deinit {
            if isMounted {
                let unmount = Process()
                unmount.executableURL = URL(fileURLWithPath: "/usr/bin/umount")
                unmount.arguments = ["-l", folder]
                try? unmount.run()
                unmount.waitUntilExit()
            }
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Whether this user may mount a disk.
    static let mayMount = getuid() == 0

    fileprivate static func run(_ program: String, _ arguments: [String]) async throws {
        let outcome = try await RunningProgram(arguments, program: program).end()
        try #require(outcome.status == 0, "\(program) \(arguments): \(outcome.errors)")
    }

    /// How the disk becomes full.
    enum Fullness {
        /// No file of the broker may become larger, as under a quota.
        case fileSize
        /// A file system without a free byte.
        case fileSystem
    }

    /// Less than the log of a journal with one picture, more than its seal.
    private static let fileLimit = 65536

    private static func limit(_ broker: RunningProgram, _ size: String) async throws {
        try await run("/usr/bin/prlimit", ["--pid", "\(broker.pid)", "--fsize=\(size):unlimited"])
    }

    private func broker(_ place: Place, limited: Bool = false) async throws -> RunningProgram {
        let words = [
            "broker", "--journal", "\(place.folder)/jobs.db", "--reserve-mb", "0", "--client-endpoint",
            "ipc://\(sockets)/front", "--worker-endpoint", "ipc://\(sockets)/back",
        ]
        let program =
            limited
            ? try RunningProgram(
                ["--fsize=\(Self.fileLimit):unlimited", BuiltProgram.path] + words, program: "/usr/bin/prlimit")
            : try RunningProgram(words)
        let listens = try await eventually { program.outputSoFar.contains("worker ") || !program.isRunning }
        try #require(listens && program.isRunning, "\(program.errorsSoFar)")
        return program
    }

    private let sockets: String

    init() throws {
        sockets = FileManager.default.temporaryDirectory.appending(path: "s-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: sockets, withIntermediateDirectories: true)
    }

    private func submission(_ name: String) -> JobSubmission {
        JobSubmission(
            TaskRequest(.ask(question: "work \(name) 1", grounded: false)),
            image: [UInt8](repeating: 7, count: 200_000), customID: name)
    }

    /// Submits until the journal takes no more.
    private func fill(_ client: BoxwoodClient, _ name: String) async throws -> (ids: [String], refusal: RPCStatus) {
        var ids: [String] = []
        for index in 0..<400 {
            do throws(RPCStatus) {
                ids.append(try await client.submit(submission("\(name)-\(index)")).id)
            } catch {
                return (ids, error)
            }
        }
        throw RPCStatus(.internal, "the disk does not become full")
    }

    private func full(_ place: Place, _ broker: RunningProgram, _ fullness: Fullness) async throws {
        switch fullness {
        case .fileSize: try await Self.limit(broker, "\(Self.fileLimit)")
        case .fileSystem:
            // To the last byte: `dd` ends with an error, as it should.
            _ = try await RunningProgram(
                ["if=/dev/zero", "of=\(place.folder)/ballast", "bs=4096"], program: "/usr/bin/dd"
            ).end()
        }
    }

    private func empty(_ place: Place, _ broker: RunningProgram, _ fullness: Fullness) async throws {
        switch fullness {
        case .fileSize: try await Self.limit(broker, "unlimited")
        case .fileSystem: try FileManager.default.removeItem(atPath: "\(place.folder)/ballast")
        }
    }

    @Test(
        "Submits are refused, everything else goes on, and all is well when there is room again",
        .enabled(if: FullDiskTests.mayMount, "only root may mount a disk; the other half of this test needs none"))
    func fullFileSystem() async throws { try await fullDisk(.fileSystem) }

    @Test("The same where the files may not grow")
    func fullFiles() async throws { try await fullDisk(.fileSize) }

    private func fullDisk(_ fullness: Fullness) async throws {
        let place = try await Place(mounted: fullness == .fileSystem)
        defer { try? FileManager.default.removeItem(atPath: sockets) }
        var broker = try await broker(place)
        let client = try BoxwoodClient(
            ClientConfiguration(endpoint: "ipc://\(sockets)/front", timeout: .seconds(60), retry: .never))
        let first = try await client.submit(submission("first")).id
        try await full(place, broker, fullness)
        let (taken, refusal) = try await fill(client, "more")
        #expect(refusal.code == .resourceExhausted && refusal.reason == .storageFull, "\(refusal)")
        #expect(refusal.retryDelayMilliseconds != nil && !refusal.message.contains(place.folder))
        // Questions are answered, and calls are.
        #expect(try await client.job(first).state == .queued)
        #expect(try await client.jobs().jobs.count == taken.count + 1)
        let worker = try RunningProgram(
            ["worker", "--backs", "ipc://\(sockets)/back", "--ledger", "\(sockets)/ledger", "--name", "w"],
            program: FaultPeers.path)
        defer { worker.signal(SIGKILL) }
        let call = GroundingTask.ask(question: "work call-1 1", grounded: false)
        #expect(try await client.run(call, image: [1, 2, 3]).caption == "work call-1 1")
        broker.signal(SIGKILL)
        _ = await broker.end()
        var again: [String] = []
        // To look through the log of a journal SQLite needs 32 KiB beside it: without a single free byte no broker begins.
        if fullness == .fileSystem { try await empty(place, broker, fullness) }
        broker = try await self.broker(place, limited: fullness == .fileSize)
        if fullness == .fileSize {
            let (ids, refusal) = try await fill(client, "again")
            #expect(refusal.reason == .storageFull, "\(refusal)")
            again = ids
        }
        #expect(try await client.run(call, image: [1, 2, 3]).caption == "work call-1 1")
        if fullness == .fileSize { try await empty(place, broker, fullness) }
        let recovers = try await eventually { (try? await client.submit(submission("last"))) != nil }
        #expect(recovers, "\(broker.errorsSoFar)")
        for id in [first] + taken + again {
            #expect(try await client.waitForJob(id).state == .succeeded)
        }
        client.close()
        broker.signal(SIGTERM)
        #expect(await broker.end().status == 0)
        let check = try await BuiltProgram.run(["jobs", "check", "\(place.folder)/jobs.db"])
        #expect(check.status == 0, "\(check.errors)")
    }
}
