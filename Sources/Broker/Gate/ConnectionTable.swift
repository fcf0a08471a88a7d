// SPDX-License-Identifier: MIT

package import Messaging

/// The open connections of a broker, and which of them must go: a pure value without a socket or a clock.
///
/// libzmq has no limit to connections, nor to what it keeps of messages that have not come to their end: it counts
/// whole messages. Here it is known what has come on each connection (the kernel says it) and what of that was handed over as
/// messages; the difference is memory that the peer holds.
package struct ConnectionTable {
    /// How much strangers may have.
    package struct Limits: Sendable, Hashable {
        /// Connections at a time, greeted or not, on both addresses.
        package var connections: Int
        /// Connections of one key.
        package var connectionsOfKey: Int
        /// Bytes that have come on all connections and were not handed over.
        package var heldBytes: UInt64

        package init(connections: Int, connectionsOfKey: Int, heldBytes: UInt64) {
            self.connections = connections
            self.connectionsOfKey = connectionsOfKey
            self.heldBytes = heldBytes
        }
    }

    /// A connection, by its descriptor on one of the addresses.
    package struct ID: Hashable, Sendable {
        package var side: BrokerSide
        package var descriptor: Int32

        package init(_ side: BrokerSide, _ descriptor: Int32) {
            self.side = side
            self.descriptor = descriptor
        }
    }

    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// There are too many, and it has said nothing yet.
        case crowded
        /// Its key has too many.
        case ofKey
        /// It holds the most of too much memory.
        case memory
        /// Its key is not let in any more.
        case revoked
    }

    /// A connection to end, by its descriptor if that still has this number.
    package struct Cut: Hashable, Sendable {
        package let id: ID
        package let number: UInt64
        package let reason: Reason
    }

    private struct Connection {
        let number: UInt64
        let order: UInt64
        var received: UInt64 = 0
        var delivered: UInt64 = 0
        var lastDelivery: Duration
        var hasDelivered = false
        var key: CurvePublicKey?
        /// Whether a message that was let in has come on it.
        var isProven = false
        var isCut = false

        /// What its peer makes the broker keep.
        func held(at now: Duration) -> UInt64 {
            let (seconds, _) = max(.zero, now - lastDelivery).components
            let known = delivered + UInt64(seconds) * ConnectionTable.beatBytesPerSecond
            return received > known ? received - known : 0
        }
    }

    /// What frames and encryption add to a message, at most.
    static let envelopeBytes: UInt64 = 64 * UInt64(Socket.mostFrames)
    /// What libzmq's own signs of life take.
    static let beatBytesPerSecond: UInt64 = 64
    /// A connection that just handed over a message and holds no more than this holds nothing.
    static let slackBytes: UInt64 = 64 << 10

    private let limits: Limits
    private var connections: [ID: Connection] = [:]
    private var order: UInt64 = 0
    package private(set) var cuts: [Reason: Int] = [:]
    package private(set) var acceptedCount = 0

    package init(_ limits: Limits) {
        self.limits = limits
    }

    package var count: Int { connections.count }
    package var ids: [ID] { Array(connections.keys) }

    /// A connection has come.
    /// - Returns: the one that has to go for it: the oldest that has said nothing, which may be this.
    package mutating func accepted(_ id: ID, number: UInt64, at now: Duration) -> Cut? {
        acceptedCount += 1
        order += 1
        connections[id] = Connection(number: number, order: order, lastDelivery: now)
        guard connections.values.count(where: { !$0.isCut }) > limits.connections else { return nil }
        let silent = connections.filter { !$0.value.isProven && !$0.value.isCut }
        return silent.min { $0.value.order < $1.value.order }.map { cut($0.key, .crowded) }
    }

    /// A connection has come, and gone before it could be looked at.
    package mutating func missed() { acceptedCount += 1 }

    package mutating func closed(_ id: ID) {
        connections[id] = nil
    }

    /// A message was handed over.
    /// - Parameter key: whose it was, where connections have keys.
    /// - Returns: the connection itself, where its key has too many.
    package mutating func delivered(
        _ id: ID, bytes: Int, key: CurvePublicKey?, isLetIn: Bool, at now: Duration
    ) -> Cut? {
        guard var connection = connections[id] else { return nil }
        connection.delivered += UInt64(bytes) + Self.envelopeBytes
        connection.lastDelivery = now
        connection.hasDelivered = true
        connection.isProven = connection.isProven || isLetIn
        let isNew = connection.key == nil && key != nil
        connection.key = key
        connections[id] = connection
        guard isNew, connections.values.count(where: { $0.key == key && !$0.isCut }) > limits.connectionsOfKey else {
            return nil
        }
        return cut(id, .ofKey)
    }

    /// So much has come on a connection in all.
    package mutating func sampled(_ id: ID, received: UInt64, at now: Duration) {
        guard var connection = connections[id] else { return }
        connection.received = received
        let isSettled = connection.hasDelivered && connection.held(at: now) <= Self.slackBytes
        // What was counted beyond what has come would be credit for later.
        if isSettled || connection.delivered > received { connection.delivered = received }
        connection.hasDelivered = false
        connections[id] = connection
    }

    /// The connections that have to go until the rest holds no more than it may: those with the most.
    package mutating func overBudget(at now: Duration) -> [Cut] {
        var held = connections.filter { !$0.value.isCut }.map { (id: $0.key, bytes: $0.value.held(at: now)) }
        var sum = held.reduce(0) { $0 + $1.bytes }
        guard sum > limits.heldBytes else { return [] }
        held.sort { $0.bytes < $1.bytes }
        var result: [Cut] = []
        while sum > limits.heldBytes, let largest = held.popLast() {
            sum -= largest.bytes
            result.append(cut(largest.id, .memory))
        }
        return result
    }

    /// The connections whose keys are not let in any more.
    package mutating func revoked(_ isLetIn: (CurvePublicKey, BrokerSide) -> Bool) -> [Cut] {
        let gone = connections.filter { id, connection in
            !connection.isCut && connection.key.map { !isLetIn($0, id.side) } ?? false
        }
        return gone.keys.map { cut($0, .revoked) }
    }

    /// How many there are of each sort.
    package func counts(_ sort: (BrokerSide, CurvePublicKey?) -> String) -> [String: Int] {
        connections.reduce(into: [:]) { $0[sort($1.key.side, $1.value.key), default: 0] += 1 }
    }

    package func heldBytes(at now: Duration) -> UInt64 {
        connections.values.reduce(0) { $0 + $1.held(at: now) }
    }

    private mutating func cut(_ id: ID, _ reason: Reason) -> Cut {
        connections[id]!.isCut = true
        cuts[reason, default: 0] += 1
        return Cut(id: id, number: connections[id]!.number, reason: reason)
    }
}
