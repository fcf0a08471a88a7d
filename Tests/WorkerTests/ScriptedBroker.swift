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
        let endpoint = Mutex("")
        let isBound = DispatchSemaphore(value: 0)
    }

    struct NeverHeard: Error {}

    private let shared: Shared
    private let thread: DedicatedThread

    init(at endpoint: String = "tcp://127.0.0.1:*") {
        let shared = Shared()
        self.shared = shared
        thread = DedicatedThread(name: "scripted-broker") {
            do {
                try Self.serve(endpoint, shared)
            } catch {
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

    private static func serve(_ endpoint: String, _ shared: Shared) throws {
        let socket = try Socket(Context(), .router)
        let bound = try socket.bind(Endpoint(endpoint))
        shared.endpoint.withLock { $0 = bound.description }
        shared.isBound.signal()
        var peer: [UInt8] = []
        while true {
            for mail in shared.mailbox.takeAll() {
                switch mail {
                case .say(let frames): try socket.send([peer] + frames)
                case .stop: return
                }
            }
            while let frames = try socket.receive() {
                peer = frames[0]
                let message = try WorkerMessage(frames: Array(frames.dropFirst()))
                shared.heard.withLock { $0.append(message) }
            }
            _ = try Poller.wait([socket.pollItem, shared.mailbox.pollItem], timeout: nil)
        }
    }
}
