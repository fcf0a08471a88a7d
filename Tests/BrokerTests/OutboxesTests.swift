// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Testing

/// What waits for a slow peer, without a socket.
@Suite("Outboxes")
struct OutboxesTests {
    /// A socket that has room for so many messages for each peer.
    final class Line {
        var room: [UInt8: Int] = [:]
        var gone: Set<UInt8> = []
        private(set) var sent: [[[UInt8]]] = []

        func transmit(_ frames: [[UInt8]]) throws(MessagingError) {
            let peer = frames[0][0]
            if gone.contains(peer) { throw MessagingError(.unreachable, "gone") }
            guard room[peer, default: 0] > 0 else { throw MessagingError(.wouldBlock, "full") }
            room[peer]! -= 1
            sent.append(frames)
        }
    }

    private func outboxes(messages: Int = 100, bytes: Int = 1000) -> Outboxes {
        Outboxes(Outboxes.Limits(messages: messages, bytes: bytes))
    }

    @Test("what does not fit waits, in order, and holds up nobody else")
    func order() {
        let line = Line()
        var boxes = outboxes()
        line.room = [1: 1, 2: 1]
        for number in 0..<3 as Range<UInt8> { #expect(boxes.send([[number]], to: [1], line.transmit)) }
        #expect(boxes.send([[9]], to: [2], line.transmit))
        #expect(line.sent == [[[1], [0]], [[2], [9]]])
        line.room[1] = 1
        #expect(boxes.flush(line.transmit).isEmpty)
        // There is room for it, but it may not overtake.
        line.room[1] = 1
        #expect(boxes.send([[3]], to: [1], line.transmit))
        line.room[1] = 9
        #expect(boxes.flush(line.transmit).isEmpty)
        #expect(line.sent.dropFirst(2).map { $0[1] } == [[1], [2], [3]])
        #expect(boxes.isEmpty)
    }

    @Test("a peer is given up past its bound, in messages or bytes, and not before", arguments: [(3, 1000), (100, 30)])
    func bounds(messages: Int, bytes: Int) {
        let line = Line()
        var boxes = outboxes(messages: messages, bytes: bytes)
        let message = [[UInt8](repeating: 0, count: 4), [UInt8](repeating: 0, count: 6)]
        for _ in 0..<3 { #expect(boxes.send(message, to: [1], line.transmit)) }
        #expect(!boxes.send([[0]], to: [1], line.transmit))
        #expect(boxes.isEmpty, "nothing is kept for a peer that was given up")
    }

    @Test("room that was made can be used again")
    func roomComesBack() {
        let line = Line()
        var boxes = outboxes(messages: 2, bytes: 10)
        for _ in 0..<5 {
            #expect(boxes.send([[0, 0, 0, 0, 0]], to: [1], line.transmit))
            #expect(boxes.send([[0, 0, 0, 0, 0]], to: [1], line.transmit))
            line.room[1] = 2
            #expect(boxes.flush(line.transmit).isEmpty)
        }
        #expect(line.sent.count == 10)
    }

    @Test("a peer that is gone is told of, whether it goes before or after something waits for it")
    func gone() {
        let line = Line()
        var boxes = outboxes()
        line.gone = [1]
        #expect(!boxes.send([[0]], to: [1], line.transmit))
        #expect(boxes.send([[0]], to: [2], line.transmit))
        line.gone = [2]
        #expect(boxes.flush(line.transmit) == [[2]])
        #expect(boxes.isEmpty)
    }
}
