// SPDX-License-Identifier: MIT

/// The few values that were used last, by key.
package struct RecentlyUsed<Key: Hashable, Value> {
    private var entries: [(key: Key, value: Value)] = []
    private let capacity: Int

    /// - Parameter capacity: 0 keeps nothing.
    package init(capacity: Int) {
        precondition(capacity >= 0, "recently used: capacity \(capacity)")
        self.capacity = capacity
    }

    package var count: Int { entries.count }

    /// The value, which then counts as the last one used.
    package mutating func value(for key: Key) -> Value? {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        entries.append(entries.remove(at: index))
        return entries[entries.count - 1].value
    }

    /// Keeps a value, in the place of the one that was not used for longest.
    package mutating func insert(_ value: Value, for key: Key) {
        entries.removeAll { $0.key == key }
        entries.append((key, value))
        if entries.count > capacity { entries.removeFirst() }
    }
}
