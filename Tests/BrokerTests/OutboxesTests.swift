// SPDX-License-Identifier: MIT

import Broker
import Testing

/// What waits for a slow peer, without a socket.
@Suite("Outboxes")
struct OutboxesTests {
    /// Outboxes over a socket that has room for so many messages for each peer.
    final class Line {
        var room: [UInt8: Int] = [:]
        var gone: Set<UInt8> = []
        private(set) var sent: [[[UInt8]]] = []
        private var boxes: Outboxes

        init(messages: Int = 100, bytes: Int = 1000) {
            boxes = Outboxes(Outboxes.Limits(messages: messages, bytes: bytes))
        }

        var isEmpty: Bool { boxes.isEmpty }
        func send(_ frames: [[UInt8]], to peer: UInt8) -> Bool { boxes.send(frames, to: [peer], transmit) }
        func flush() -> [[UInt8]] { boxes.flush(transmit) }

        private func transmit(_ frames: [[UInt8]]) -> Outboxes.Delivery {
            let peer = frames[0][0]
            if gone.contains(peer) { return .gone }
            guard room[peer, default: 0] > 0 else { return .full }
            room[peer]! -= 1
            sent.append(frames)
            return .sent
        }
    }

    @Test("what does not fit waits, in order, and holds up nobody else")
    func order() {
        let line = Line()
        line.room = [1: 1, 2: 1]
        for number in 0..<3 as Range<UInt8> { #expect(line.send([[number]], to: 1)) }
        #expect(line.send([[9]], to: 2))
        #expect(line.sent == [[[1], [0]], [[2], [9]]])
        line.room[1] = 1
        #expect(line.flush().isEmpty)
        // There is room for it, but it may not overtake.
        line.room[1] = 1
        #expect(line.send([[3]], to: 1))
        line.room[1] = 9
        #expect(line.flush().isEmpty)
        #expect(line.sent.dropFirst(2).map { $0[1] } == [[1], [2], [3]])
        #expect(line.isEmpty)
    }

    @Test("a peer is given up past its bound, in messages or bytes, and not before", arguments: [(3, 1000), (100, 30)])
    func bounds(messages: Int, bytes: Int) {
        let line = Line(messages: messages, bytes: bytes)
        let message = [[UInt8](repeating: 0, count: 4), [UInt8](repeating: 0, count: 6)]
        for _ in 0..<3 { #expect(line.send(message, to: 1)) }
        #expect(!line.send([[0]], to: 1))
        #expect(line.isEmpty, "nothing is kept for a peer that was given up")
    }

    @Test("room that was made can be used again")
    func roomComesBack() {
        let line = Line(messages: 2, bytes: 10)
        for _ in 0..<5 {
            #expect(line.send([[0, 0, 0, 0, 0]], to: 1))
            #expect(line.send([[0, 0, 0, 0, 0]], to: 1))
            line.room[1] = 2
            #expect(line.flush().isEmpty)
        }
        #expect(line.sent.count == 10)
    }

    @Test("a peer that is gone is told of, whether it goes before or after something waits for it")
    func gone() {
        let line = Line()
        line.gone = [1]
        #expect(!line.send([[0]], to: 1))
        #expect(line.send([[0]], to: 2))
        line.gone = [2]
        #expect(line.flush() == [[2]])
        #expect(line.isEmpty)
    }
}
