// SPDX-License-Identifier: MIT

package import Wire

/// What cost too many workers, kept for a look at it: bounded in number and in bytes, the oldest goes first.
///
/// It lives as long as the broker's process.
package struct Quarantine: Sendable {
    package struct Entry: Sendable {
        /// The broker's id of the call.
        package let id: String
        package let request: CallRequest
        package var blame: Blame
        /// How often it was tried again from here.
        package var retries = 0
        package let since: Duration

        package init(id: String, request: CallRequest, blame: Blame, since: Duration) {
            self.id = id
            self.request = request
            self.blame = blame
            self.since = since
        }

        package var bytes: Int { request.body.count + (request.picture?.count ?? 0) }
    }

    /// Room for a few of the largest pictures, or for many of the usual size.
    package static let entriesLimit = 64
    package static let bytesLimit = 128 << 20

    /// The oldest first.
    package private(set) var entries: [Entry] = []
    private let limits: (entries: Int, bytes: Int)

    package init(entries: Int = entriesLimit, bytes: Int = bytesLimit) {
        limits = (entries, bytes)
    }

    package var bytes: Int { entries.reduce(0) { $0 + $1.bytes } }

    package subscript(id: String) -> Entry? { entries.first { $0.id == id } }

    /// - Returns: those that had to go for it; itself, if it is larger than all the room.
    @discardableResult
    package mutating func add(_ entry: Entry) -> [Entry] {
        precondition(self[entry.id] == nil, "quarantine of \(entry.id) twice")
        entries.append(entry)
        var gone: [Entry] = []
        while entries.count > limits.entries || bytes > limits.bytes { gone.append(entries.removeFirst()) }
        return gone
    }

    /// It was tried again, and cost workers again.
    package mutating func failedAgain(_ id: String, _ blame: Blame) {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return }
        entries[index].blame.attempts += blame.attempts
        entries[index].blame.losses += blame.losses
        entries[index].blame.failures += blame.failures
    }

    package mutating func retried(_ id: String) {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return }
        entries[index].retries += 1
    }

    /// - Returns: whether it was there.
    @discardableResult
    package mutating func remove(_ id: String) -> Bool {
        let before = entries.count
        entries.removeAll { $0.id == id }
        return entries.count < before
    }

    /// - Returns: how many there were.
    package mutating func removeAll() -> Int {
        defer { entries = [] }
        return entries.count
    }
}
