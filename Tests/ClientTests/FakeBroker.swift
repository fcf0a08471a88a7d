// SPDX-License-Identifier: MIT
import Dispatch
import Messaging
import Synchronization
import Testing
import Wire

/// A broker's front that answers as a test says.
final class FakeBroker: Sendable {
    /// What the broker has heard, and the orders that its thread waits for.
    final class Shared: Sendable {
        enum Mail: Sendable {
            case say([[UInt8]])
            case stop
        }

        let mailbox = Mailbox<Mail>()
        let heard = Mutex<[ClientMessage]>([])
        let endpoint = Mutex("")
        let isBound = DispatchSemaphore(value: 0)
    }

    private let shared: Shared
    private let thread: DedicatedThread

    /// - Parameter answer: called for every request; the replies go back in the request's encoding.
    init(at endpoint: String = "tcp://127.0.0.1:*", _ answer: @escaping @Sendable (CallRequest) -> [BrokerReply]) {
        let shared = Shared()
        self.shared = shared
        thread = DedicatedThread(name: "fake-broker") {
            do {
                try Self.serve(endpoint, shared, answer)
            } catch {
                Issue.record(error)
                shared.isBound.signal()
            }
        }
        shared.isBound.wait()
    }

    var endpoint: String { shared.endpoint.withLock { $0 } }

    var heard: [ClientMessage] { shared.heard.withLock { $0 } }

    /// Sends frames to the client that spoke last.
    func say(_ frames: [[UInt8]]) { shared.mailbox.post(.say(frames)) }

    func stop() {
        shared.mailbox.post(.stop)
        thread.join()
    }

    /// Waits until something was heard that fits.
    func hears(_ fits: (ClientMessage) -> Bool) async throws -> Bool {
        for _ in 0..<1000 {
            if heard.contains(where: fits) { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    private static func serve(
        _ endpoint: String, _ shared: Shared, _ answer: @Sendable (CallRequest) -> [BrokerReply]
    ) throws {
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
                let message = try ClientMessage(frames: Array(frames.dropFirst()))
                shared.heard.withLock { $0.append(message) }
                guard case .request(let request) = message else { continue }
                for reply in answer(request) { try socket.send([peer] + reply.frames(request.encoding)) }
            }
            _ = try Poller.wait([socket.pollItem, shared.mailbox.pollItem], timeout: nil)
        }
    }
}
