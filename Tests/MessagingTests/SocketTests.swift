// SPDX-License-Identifier: MIT

import Messaging
import Testing

@Suite("Sockets on loopback")
struct SocketTests {
    private let context = Context()
    private let patience = Duration.seconds(5)

    private func endpoint() throws -> Endpoint { try Endpoint("tcp://127.0.0.1:*") }

    @Test("a message comes whole, with its sender in front, and an answer finds its way back")
    func roundTrip() throws {
        let router = try Socket(context, .router)
        let address = try router.bind(try endpoint())
        let dealer = try Socket(context, .dealer)
        try dealer.connect(address)
        let large = [UInt8](repeating: 7, count: 3 << 20)
        try dealer.send([[1, 2], [], large])
        #expect(try Poller.wait([router.pollItem], timeout: patience) == [true])
        let message = try #require(try router.receive())
        #expect(message.count == 4 && message[1] == [1, 2] && message[2].isEmpty && message[3] == large)
        try router.send([message[0], [9]])
        #expect(try Poller.wait([dealer.pollItem], timeout: patience) == [true])
        #expect(try dealer.receive() == [[9]])
        #expect(try dealer.receive() == nil, "nothing more, and no wait")
    }

    @Test("a message for a stranger is an error, not a loss")
    func unreachable() throws {
        let router = try Socket(context, .router)
        _ = try router.bind(try endpoint())
        do {
            try router.send([[0, 1, 2, 3, 4], [1]])
            Issue.record("sent to nobody")
        } catch {
            #expect(error.code == .unreachable)
        }
    }

    private final class Listening {
        var socket: Socket?
        init(_ socket: consuming Socket) { self.socket = consume socket }
    }

    /// Frames that do something on the way: the collection is read as the message is sent.
    @Test("a message that its connection does not outlive is an error, and the next one comes whole")
    func lostWithinAMessage() throws {
        let first = try Socket(context, .router)
        let address = try first.bind(try endpoint())
        let listening = Listening(first)
        let dealer = try Socket(context, .dealer, SocketOptions(sendsOnlyWhenConnected: true))
        try dealer.connect(address)
        try sendWhenConnected([[0]], on: dealer)
        let frames: [[UInt8]] = [[1], [2], [3], [4]]
        do {
            try dealer.send(
                frames.lazy.map { frame in
                    if frame == [2] {
                        listening.socket = nil
                        Poller.sleep(.milliseconds(300))
                    }
                    return frame
                })
            Issue.record("sent to nobody")
        } catch {
            #expect(error.code == .wouldBlock)
        }
        let second = try Socket(context, .router)
        _ = try second.bind(address)
        try sendWhenConnected(frames, on: dealer)
        #expect(try Poller.wait([second.pollItem], timeout: patience) == [true])
        #expect(try second.receive()?.dropFirst() == frames[...])
    }

    private func sendWhenConnected(_ frames: [[UInt8]], on socket: borrowing Socket) throws {
        for _ in 0..<500 {
            do {
                return try socket.send(frames)
            } catch {
                guard error.code == .wouldBlock else { throw error }
                Poller.sleep(.milliseconds(10))
            }
        }
        Issue.record("never connected")
    }

    @Test("of a message with too many frames a few are kept, and the next one comes whole", arguments: [7, 8, 9, 1000])
    func manyFrames(count: Int) throws {
        let router = try Socket(context, .router)
        let address = try router.bind(try endpoint())
        let dealer = try Socket(context, .dealer)
        try dealer.connect(address)
        try dealer.send([[UInt8]](repeating: [5], count: count - 1))
        try dealer.send([[6]])
        for expected in [min(count, 8), 2] {
            var message = try router.receive()
            for _ in 0..<500 where message == nil {
                _ = try Poller.wait([router.pollItem], timeout: .milliseconds(10))
                message = try router.receive()
            }
            #expect(message?.count == expected)
        }
    }

    @Test("an address that is taken is named")
    func addressInUse() throws {
        let first = try Socket(context, .router)
        let address = try first.bind(try endpoint())
        let second = try Socket(context, .router)
        do {
            _ = try second.bind(address)
            Issue.record("bound twice")
        } catch {
            #expect(error.code == .addressInUse)
            #expect(error.message.contains(address.description))
        }
    }

    @Test("a frame above the limit closes the connection and nothing of it arrives")
    func frameLimit() throws {
        let router = try Socket(context, .router, SocketOptions(maxFrameBytes: 1000))
        let address = try router.bind(try endpoint())
        let dealer = try Socket(context, .dealer)
        try dealer.connect(address)
        try dealer.send([[UInt8](repeating: 1, count: 1000)])
        #expect(try Poller.wait([router.pollItem], timeout: patience) == [true])
        #expect(try router.receive()?.count == 2)
        try dealer.send([[UInt8](repeating: 1, count: 1001)])
        #expect(try Poller.wait([router.pollItem], timeout: .milliseconds(300)) == [false])
    }

    @Test("a mailbox wakes a waiting thread and keeps the order")
    func mailbox() throws {
        let mailbox = Mailbox<Int>()
        let thread = DedicatedThread(name: "poster") { for number in 0..<100 { mailbox.post(number) } }
        var received: [Int] = []
        while received.count < 100 {
            #expect(try Poller.wait([mailbox.pollItem], timeout: patience) == [true])
            received += mailbox.takeAll()
        }
        thread.join()
        #expect(received == Array(0..<100))
    }
}

@Suite("Endpoints")
struct EndpointTests {
    @Test(arguments: [
        "tcp://127.0.0.1:5540", "tcp://127.0.0.1:*", "tcp://localhost:1", "tcp://[::1]:80", "ipc:///tmp/x",
        "inproc://a",
    ])
    func local(text: String) throws {
        let endpoint = try Endpoint(text)
        #expect(endpoint.description == text && endpoint.isLocal)
        #expect(try endpoint.listenable(hasKeys: false) == endpoint)
    }

    @Test(arguments: [
        "tcp://0.0.0.0:5540", "tcp://*:5540", "tcp://192.168.1.4:5540", "tcp://example.org:80",
        "tcp://127.example.org:80", "tcp://127.0.0.1.example.org:80",
    ])
    func wider(text: String) throws {
        let endpoint = try Endpoint(text)
        #expect(!endpoint.isLocal)
        #expect(throws: MessagingError.self) { try endpoint.listenable(hasKeys: false) }
    }

    @Test(arguments: [
        "", "tcp://", "127.0.0.1:5540", "tcp://127.0.0.1", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:x", "udp://a:1",
        "tcp://127.0.0.1:+80", "tcp://127.0.0.1:-0", "ipc:///run/a\u{0}b", "inproc://a\u{0}",
    ])
    func malformed(text: String) {
        #expect(throws: MessagingError.self) { try Endpoint(text) }
    }

    @Test("a local path may have 107 bytes and no more")
    func path() throws {
        _ = try Endpoint("ipc://" + String(repeating: "p", count: Endpoint.longestPath))
        #expect(throws: MessagingError.self) {
            try Endpoint("ipc://" + String(repeating: "p", count: Endpoint.longestPath + 1))
        }
    }
}
