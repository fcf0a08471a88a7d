// SPDX-License-Identifier: MIT
import Dispatch
import Messaging
import Synchronization
import Testing
import Wire

/// A broker's back that a test speaks for, message by message.
final class ScriptedBroker: Sendable {
    private final class Shared: Sendable {
        enum Mail: Sendable {
            case say([[UInt8]])
            case stop
        }

        let mailbox = Mailbox<Mail>()
        let heard = Mutex<[WorkerMessage]>([])
        let peers = Mutex<[[UInt8]]>([])
        let endpoint = Mutex("")
        let isBound = DispatchSemaphore(value: 0)
    }

    struct NeverHeard: Error {}

    private let shared: Shared
    private let thread: DedicatedThread

    /// - Parameter terms: answers every HELLO at once, by the number of the connection that it came on, from 1;
    ///   without it the test welcomes the worker itself.
    init(at endpoint: String = "tcp://127.0.0.1:*", terms: (@Sendable (Int) -> WorkerWelcome)? = nil) {
        let shared = Shared()
        self.shared = shared
        thread = DedicatedThread(name: "scripted-broker") {
            do {
                try Self.serve(endpoint, shared, terms)
            } catch {
                Issue.record(error)
                shared.isBound.signal()
            }
        }
        shared.isBound.wait()
    }

    var endpoint: String { shared.endpoint.withLock { $0 } }

    /// To the worker that spoke last.
    func say(_ order: BrokerOrder) { say(order.frames(.protobuf)) }

    func say(_ frames: [[UInt8]]) { shared.mailbox.post(.say(frames)) }

    func stop() {
        shared.mailbox.post(.stop)
        thread.join()
    }

    /// The next message that fits; those before it are dropped.
    @discardableResult
    func hear<T>(_ pick: (WorkerMessage) -> T?) async throws -> T {
        for _ in 0..<2000 {
            while let message = shared.heard.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
                if let picked = pick(message) { return picked }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw NeverHeard()
    }

    /// HELLO and WELCOME.
    @discardableResult
    func welcome(_ welcome: WorkerWelcome = WorkerWelcome(worker: "w1", beatIntervalMilliseconds: 50, liveness: 1000))
        async throws -> WorkerHello
    {
        let hello = try await hear { if case .hello(let hello) = $0 { hello } else { nil } }
        say(.welcome(welcome))
        return hello
    }

    func hearResult() async throws -> JobResult {
        try await hear { if case .result(let result) = $0 { result } else { nil } }
    }

    /// Waits for that many connections that said something.
    func hearPeers(_ count: Int) async throws {
        for _ in 0..<2000 where shared.peers.withLock({ $0.count }) < count {
            try await Task.sleep(for: .milliseconds(5))
        }
        guard shared.peers.withLock({ $0.count }) >= count else { throw NeverHeard() }
    }

    private static func serve(
        _ endpoint: String, _ shared: Shared, _ terms: (@Sendable (Int) -> WorkerWelcome)?
    ) throws {
        let socket = try Socket(Context(), .router)
        let bound = try socket.bind(Endpoint(endpoint))
        shared.endpoint.withLock { $0 = bound.description }
        shared.isBound.signal()
        var peers: [[UInt8]] = []
        var peer: [UInt8] = []
        while true {
            for mail in shared.mailbox.takeAll() {
                switch mail {
                case .say(let frames): try say(frames, to: peer, socket)
                case .stop: return
                }
            }
            while let frames = try socket.receive() {
                peer = frames[0]
                if !peers.contains(peer) { peers.append(peer) }
                let message = try WorkerMessage(frames: Array(frames.dropFirst()))
                if case .hello = message, let terms {
                    try say(BrokerOrder.welcome(terms(peers.count)).frames(.protobuf), to: peer, socket)
                }
                shared.heard.withLock { $0.append(message) }
                shared.peers.withLock { $0 = peers }
            }
            _ = try Poller.wait([socket.pollItem, shared.mailbox.pollItem], timeout: nil)
        }
    }

    /// A worker that has just closed its socket misses it, as it would a real broker's.
    private static func say(_ frames: [[UInt8]], to peer: [UInt8], _ socket: borrowing Socket) throws {
        do throws(MessagingError) {
            try socket.send([peer] + frames)
        } catch {
            guard error.code == .unreachable else { throw error }
        }
    }
}
