// SPDX-License-Identifier: MIT

internal import OrderedCollections

// A full queue is shared out: a client that has much in it makes room for one that has little.
extension Scheduler {
    /// Which waiting calls end so that one more of a client fits: none while there is room.
    ///
    /// The newest call of whoever has the most gives way, and only where that client still has no less than the newcomer
    /// afterwards. So one client cannot shut out the others, none is displaced by its equals, and nothing goes back and
    /// forth.
    ///
    /// - Returns: `nil` where there is no room to be made.
    func room(for client: ClientID, bytes size: Int) -> [CallID]? {
        guard waitingCount >= configuration.queueCalls || bytes + size > configuration.queueBytes else { return [] }
        var tally = Tally(self)
        var displaced: [CallID] = []
        while tally.count >= configuration.queueCalls {
            guard let call = tally.takeNewest(ofMost: \.waiting.count, above: tally[client].waiting.count + 1) else {
                return nil
            }
            displaced.append(call)
        }
        while tally.bytes + size > configuration.queueBytes {
            guard let call = tally.takeNewest(ofMost: \.bytes, above: tally[client].bytes + size) else { return nil }
            displaced.append(call)
        }
        return displaced
    }

    /// What each client has, while it is worked out who gives way.
    private struct Tally {
        struct Share {
            /// Calls that wait, oldest first.
            var waiting: [CallID] = []
            /// Of all open calls, running ones included.
            var bytes = 0
        }

        private var shares: OrderedDictionary<ClientID, Share> = [:]
        private let sizes: [CallID: Int]
        private(set) var count = 0
        private(set) var bytes: Int

        init(_ scheduler: borrowing Scheduler) {
            bytes = scheduler.bytes
            sizes = scheduler.calls.mapValues(\.bytes)
            for (client, queue) in scheduler.queues {
                shares[client, default: Share()].waiting = queue
                count += queue.count
            }
            for call in scheduler.calls.values { shares[call.client, default: Share()].bytes += call.bytes }
        }

        subscript(client: ClientID) -> Share { shares[client] ?? Share() }

        /// Takes the newest waiting call of the client with the most, if that is more than `floor`.
        mutating func takeNewest(ofMost amount: (Share) -> Int, above floor: Int) -> CallID? {
            let candidates = shares.filter { !$0.value.waiting.isEmpty && amount($0.value) > floor }
            guard let largest = candidates.max(by: { amount($0.value) < amount($1.value) })?.key,
                let call = shares[largest]?.waiting.popLast(), let size = sizes[call]
            else { return nil }
            shares[largest]?.bytes -= size
            bytes -= size
            count -= 1
            return call
        }
    }
}
