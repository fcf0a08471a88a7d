// SPDX-License-Identifier: MIT
import Client
import Foundation
import Glibc
import Synchronization
import Testing
import Wire

@Suite(
    "Operating a service", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: BuiltProgram.exists, "the program is not built beside the tests"),
    .enabled(if: BuiltProgram.hasModel, "models/boxwood-nano is not here"))
struct OperationsTests {
    @Test("A drained worker does nothing more, and everything when it is let again")
    func drain() async throws {
        try await RunningService.use { service in
            let list = try await service.run(["workers", "list"])
            #expect(list.status == 0 && list.output.contains("worker-1") && list.output.contains("idle"))
            let drained = try await service.run(["drain", "worker-1", "--wait"])
            #expect(drained.status == 0 && drained.output.contains("(worker-1): drained"), "\(drained)")
            let again = try await service.run(["drain", "worker-1"])
            #expect(again.status == 0 && again.output.contains("nothing changed"))

            for _ in 0..<4 {
                _ = try await service.client.detect(image: try Samples.png(), labels: ["cat"], timeout: .seconds(60))
            }
            // The worker's next beat says that its engine has nothing more to do.
            let isQuiet = try await eventually {
                try await service.workers().sorted { $0.name < $1.name }.map(\.state) == ["drained", "idle"]
            }
            #expect(isQuiet)
            let workers = try await service.workers().sorted { $0.name < $1.name }
            #expect(workers.map(\.jobsDone) == [0, 4])

            let json = try await service.run(["workers", "list", "--json"])
            let parsed = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
            #expect(Set((parsed ?? []).compactMap { $0["state"] as? String }) == ["drained", "idle"])
            let back = try await service.run(["undrain", "worker-1"])
            #expect(back.status == 0 && back.output.contains("idle"))
            let nobody = try await service.run(["undrain", "worker-9"])
            #expect(nobody.status == 65 && nobody.errors.contains("no worker of that id or name"))
        }
    }

    @Test("top prints a screenful for a script, goes on without a terminal, and needs a service")
    func top() async throws {
        try await RunningService.use(workers: 1) { service in
            let once = try await service.run(["top", "--once", "--interval", "100ms"])
            #expect(once.status == 0)
            for words in ["broker ", "queue: 0 waiting, 0 running, 0.0 s of work", "accepted", "worker-1"] {
                #expect(once.output.contains(words), "\(words) in \(once.output)")
            }
            let stream = try RunningProgram(["top", "--interval", "100ms", "--endpoint", service.endpoint])
            let hasTwo = try await eventually { stream.outputSoFar.components(separatedBy: "queue: ").count > 2 }
            stream.signal(SIGINT)
            let end = await stream.end()
            #expect(hasTwo && end.status == 0 && !end.output.contains("\u{1B}"))
        }
        let alone = try await BuiltProgram.run(["top", "--once", "--endpoint", "tcp://127.0.0.1:1"])
        #expect(alone.status == 69)
        let tooOften = try await BuiltProgram.run(["top", "--interval", "99ms"])
        #expect(tooOften.status == 64)
    }

    /// `script` gives it a terminal of its own and types Ctrl-C.
    @Test("top leaves a terminal as it found it")
    func terminal() async throws {
        try await RunningBroker.use { broker in
            let command =
                "trap : INT; stty -a; '\(BuiltProgram.path)' top --interval 100ms --endpoint \(broker.front); echo; stty -a"
            let terminal = try RunningProgram(
                ["-qec", command, "/dev/null"], environment: ["TERM": "xterm"], program: "/usr/bin/script")
            let isShown = try await eventually { terminal.outputSoFar.components(separatedBy: "queue: ").count > 2 }
            terminal.send([3])
            let outcome = await terminal.end()
            #expect(isShown && outcome.status == 0, "\(outcome)")
            let output = outcome.output
            let entry = try #require(output.range(of: "\u{1B}[?1049h\u{1B}[?25l"))
            let exit = try #require(output.range(of: "\u{1B}[?25h\u{1B}[?1049l"))
            #expect(entry.upperBound < exit.lowerBound)
            let (before, after) = (output[..<entry.lowerBound], output[exit.upperBound...])
            #expect(!after.contains("\u{1B}") && !after.contains("queue: "), "nothing is drawn after it is left")
            func settings(_ text: Substring) -> String {
                String(text.drop { $0 != "s" }.filter { !$0.isWhitespace && $0 != "^" })
            }
            #expect(settings(after).contains("speed") && settings(after) == settings(before))
        }
    }

    @Test("A service manager hears that a broker and a worker are ready, live, and stop")
    func notices() async throws {
        let (manager, other) = (try NotifySocket(), try NotifySocket())
        func environment(_ socket: NotifySocket) -> [String: String] {
            ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "2000000"]
        }
        let broker = try RunningProgram(
            ["broker", "--client-endpoint", "tcp://127.0.0.1:*", "--worker-endpoint", "tcp://127.0.0.1:*"],
            environment: environment(manager))
        #expect(try await manager.hears("READY=1\nSTATUS=clients at tcp://127.0.0.1:"))
        // What it says there and what it prints come by ways of their own.
        var back: Substring?
        _ = try await eventually {
            let line = broker.outputSoFar.split(separator: "\n").first { $0.hasPrefix("worker ") }
            back = line?.dropFirst("worker ".count)
            return back != nil
        }
        let worker = try RunningProgram(
            ["worker", "--threads", "1", "--name", "one", "--endpoint", String(try #require(back))],
            environment: environment(other))
        #expect(try await other.hears("READY=1\nSTATUS=one has its model"))
        for socket in [manager, other] { #expect(try await socket.hears("WATCHDOG=1", times: 3)) }
        worker.signal(SIGTERM)
        #expect(try await other.hears("STOPPING=1"))
        #expect(await worker.end().status == 0)
        broker.signal(SIGTERM)
        #expect(try await manager.hears("STOPPING=1"))
        #expect(await broker.end().status == 0)
    }

    @Test("A broker whose loop stands still is silent")
    func silence() async throws {
        let manager = try NotifySocket()
        let broker = try RunningProgram(
            ["broker", "--client-endpoint", "tcp://127.0.0.1:*", "--worker-endpoint", "tcp://127.0.0.1:*"],
            environment: ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "2000000"])
        #expect(try await manager.hears("WATCHDOG=1"))
        broker.signal(SIGSTOP)
        let before = manager.heard.count
        try await Task.sleep(for: .milliseconds(1500))
        // One that was under way when it was stopped may still come.
        #expect(manager.heard.count <= before + 1)
        broker.signal(SIGCONT)
        let since = manager.heard.count
        let speaks = try await eventually { manager.heard.count > since }
        #expect(speaks)
        broker.signal(SIGTERM)
        _ = await broker.end()
    }
}

/// A service manager's end of a datagram socket.
private final class NotifySocket: Sendable {
    let name: String
    private let descriptor: Int32

    init() throws {
        let unique = "boxwood-notify-\(UUID().uuidString)"
        name = "@" + unique
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = [0] + Array(unique.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(2 + bytes.count))
            }
        }
        try #require(descriptor >= 0 && bound == 0)
    }

    deinit { close(descriptor) }

    private let all = Mutex<[String]>([])

    /// Everything that has come.
    var heard: [String] {
        all.withLock { all in
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &bytes, bytes.count, 0)
                guard count >= 0 else { return all }
                all.append(String(decoding: bytes.prefix(count), as: UTF8.self))
            }
        }
    }

    func hears(_ beginning: String, times: Int = 1) async throws -> Bool {
        try await eventually { self.heard.count { $0.hasPrefix(beginning) } >= times }
    }
}
