// SPDX-License-Identifier: MIT

/// Which connection each client last spoke on, so that a client that is gone is noticed although nobody has anything to tell
/// it: a ROUTER socket says so only when something is sent.
///
/// A pure value: what the kernel says of a descriptor is asked of it from outside.
package struct ClientConnections {
    /// What the kernel calls the connection of a descriptor; `nil` where the descriptor has none.
    package typealias Numbers = (Int32) -> UInt64?

    private struct Known {
        let descriptor: Int32
        let number: UInt64?
        /// Whether the last look did not find it.
        var isMissing = false
    }

    private var known: [ClientID: Known] = [:]

    package init() {}

    package var count: Int { known.count }

    /// A message of a client was read.
    /// - Parameter descriptor: of its connection; `nil` where it has none, inside one process, and cannot be missed.
    package mutating func heard(_ client: ClientID, on descriptor: Int32?, _ numbers: Numbers) {
        guard let descriptor else { return }
        known[client] = Known(descriptor: descriptor, number: numbers(descriptor))
    }

    /// Looks whether the connections are still there.
    ///
    /// A client is given up at the second look that misses its connection. One that loses it for a moment asks again under
    /// the same idempotency key, and between the looks still finds its first attempt to join.
    /// - Returns: the clients that are gone, whose connections nobody knows from now on.
    package mutating func look(_ numbers: Numbers) -> [ClientID] {
        var gone: [ClientID] = []
        for (client, connection) in known {
            let isThere = connection.number != nil && numbers(connection.descriptor) == connection.number
            if !isThere && connection.isMissing { gone.append(client) }
            known[client]!.isMissing = !isThere
        }
        for client in gone { known[client] = nil }
        return gone
    }
}
