// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Glibc
import Synchronization
import Testing

/// A service manager's end of the socket.
private final class ListeningManager: Sendable {
    let name: String
    private let descriptor: Int32

    /// - Parameter isAbstract: a name of no file system, with `@` before it as in NOTIFY_SOCKET.
    init(isAbstract: Bool) throws {
        let unique = "boxwood-notify-\(UUID().uuidString)"
        name = isAbstract ? "@\(unique)" : FileManager.default.temporaryDirectory.appending(path: unique).path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if isAbstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(2 + bytes.count + (isAbstract ? 0 : 1))
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        try #require(descriptor >= 0 && bound == 0)
    }

    deinit {
        close(descriptor)
        if name.hasPrefix("/") { unlink(name) }
    }

    /// The next datagram.
    func hear() throws -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        try #require(count >= 0, "nothing came")
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Whether nothing waits.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK)) < 0
    }
}

struct ServiceManagerTests {
    private let failures = Failures()

    private final class Failures: Sendable {
        let all = Mutex<[String]>([])
    }

    private func manager(_ environment: [String: String], pid: Int32 = 1) -> ServiceManager {
        ServiceManager(environment: environment, pid: pid) { [failures] text in
            failures.all.withLock { $0.append(text) }
        }
    }

    private var said: [String] { failures.all.withLock { $0 } }

    @Test(arguments: [false, true])
    func itIsToldOfTheLifeOfTheProcess(_ isAbstract: Bool) throws {
        let listener = try ListeningManager(isAbstract: isAbstract)
        let manager = manager(["NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "8000000", "WATCHDOG_PID": "1"])
        #expect(manager.watchdogInterval == .seconds(8))
        manager.ready("clients at\nMAINPID=1\u{1B}")
        #expect(try listener.hear() == "READY=1\nSTATUS=clients at MAINPID=1", "a status is one line")
        let now = ContinuousClock.now
        for seconds in [0, 1, 2, 3, 4] { manager.alive(at: now + .seconds(seconds)) }
        for _ in 0..<3 { #expect(try listener.hear() == "WATCHDOG=1") }
        #expect(listener.isQuiet, "once in a quarter of its interval")
        manager.stopping()
        #expect(try listener.hear().hasPrefix("STOPPING=1\n"))
        #expect(said.isEmpty)
    }

    @Test func withoutASocketNothingIsSaid() {
        let manager = manager([:])
        manager.ready("")
        manager.alive(at: .now)
        manager.stopping()
        #expect(said.isEmpty && manager.watchdogInterval == nil)
    }

    @Test(arguments: ["relative", "@", "/", "/" + String(repeating: "x", count: 107), "vsock:2:1"])
    func aNameThatIsNoneIsReported(_ name: String) {
        manager(["NOTIFY_SOCKET": name]).ready("")
        #expect(said == ["NOTIFY_SOCKET is neither a path nor @ and a name"])
    }

    /// A path may have 107 bytes; nobody listens there, which is said once.
    @Test func aSocketThatNobodyHasIsReportedOnce() {
        let manager = manager(["NOTIFY_SOCKET": "/tmp/" + String(repeating: "x", count: 102)])
        manager.ready("")
        manager.stopping()
        #expect(said.count == 1 && said[0].hasPrefix("NOTIFY_SOCKET: "))
    }

    /// A manager that does not read holds up nothing that turns.
    @Test func aManagerThatIsBehindIsPassedOver() throws {
        let listener = try ListeningManager(isAbstract: true)
        let manager = manager(["NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "4"])
        let now = ContinuousClock.now
        for turn in 0..<10_000 { manager.alive(at: now + .microseconds(turn)) }
        #expect(try listener.hear() == "WATCHDOG=1")
        #expect(said.isEmpty)
    }

    @Test(arguments: [("0", nil), ("-5", nil), ("x", nil), ("", nil), ("3000000", nil), ("3000000", "2")])
    func aWatchdogIsOnesOwn(_ interval: String, _ pid: String?) {
        var environment = ["WATCHDOG_USEC": interval]
        environment["WATCHDOG_PID"] = pid
        let timer = WatchdogTimer(environment: environment, pid: 1)
        #expect(timer == (interval == "3000000" && pid == nil ? WatchdogTimer(interval: .seconds(3)) : nil))
    }
}
