// SPDX-License-Identifier: MIT

/// Messages for peers that do not take them as fast as they are written.
///
/// A burst of answers is larger than what the socket queues for one peer, although the peer reads all the while. What
/// does not fit waits here, in order, and a peer is given up only when its own bound is passed.
package struct Outboxes {
    /// The most that may wait for one peer.
    package struct Limits: Sendable, Hashable {
        package var messages: Int
        package var bytes: Int

        package init(messages: Int, bytes: Int) {
            self.messages = messages
            self.bytes = bytes
        }
    }

    /// What became of a message.
    package enum Delivery: Sendable {
        case sent
        /// There is no room for it now.
        case full
        /// The peer is not there any more.
        case gone
    }

    /// Sends one message, its peer's routing id first, without waiting.
    package typealias Transmit = ([[UInt8]]) -> Delivery

    private struct Box {
        var messages: [[[UInt8]]] = []
        var bytes = 0
    }

    private let limits: Limits
    private var boxes: [[UInt8]: Box] = [:]

    package init(_ limits: Limits) {
        self.limits = limits
    }

    package var isEmpty: Bool { boxes.isEmpty }
    /// Whether anything waits for a peer.
    package func isWaiting(for peer: [UInt8]) -> Bool { boxes[peer] != nil }
    /// How many messages wait, for all peers.
    package var waiting: Int { boxes.values.reduce(0) { $0 + $1.messages.count } }

    /// Sends a message, or keeps it behind those that wait for the same peer.
    ///
    /// - Returns: false where the peer is gone or over its bound; nothing waits for it any more.
    package mutating func send(_ frames: [[UInt8]], to peer: [UInt8], _ transmit: Transmit) -> Bool {
        if boxes[peer] == nil {
            let delivery = transmit([peer] + frames)
            if delivery != .full { return delivery == .sent }
        }
        return keep(frames, for: peer)
    }

    /// Sends what can be sent now.
    ///
    /// - Returns: the peers that are gone.
    package mutating func flush(_ transmit: Transmit) -> [[UInt8]] {
        var gone: [[UInt8]] = []
        for peer in Array(boxes.keys) where !flush(peer, transmit) { gone.append(peer) }
        return gone
    }

    private mutating func keep(_ frames: [[UInt8]], for peer: [UInt8]) -> Bool {
        var box = boxes.removeValue(forKey: peer) ?? Box()
        box.messages.append(frames)
        box.bytes += Self.size(frames)
        guard box.messages.count <= limits.messages, box.bytes <= limits.bytes else { return false }
        boxes[peer] = box
        return true
    }

    private mutating func flush(_ peer: [UInt8], _ transmit: Transmit) -> Bool {
        guard var box = boxes.removeValue(forKey: peer) else { return true }
        var sent = 0
        for frames in box.messages {
            let delivery = transmit([peer] + frames)
            if delivery == .gone { return false }
            if delivery == .full { break }
            sent += 1
            box.bytes -= Self.size(frames)
        }
        box.messages.removeFirst(sent)
        if !box.messages.isEmpty { boxes[peer] = box }
        return true
    }

    private static func size(_ frames: [[UInt8]]) -> Int { frames.reduce(0) { $0 + $1.count } }
}
