// SPDX-License-Identifier: MIT

/// The values that were used last, by key, as many as a budget of bytes holds.
package struct RecentlyUsed<Key: Hashable, Value> {
    private var entries: [(key: Key, value: Value, bytes: Int)] = []
    private let budget: Int

    /// - Parameter budget: in bytes; 0 keeps nothing.
    package init(budget: Int) {
        precondition(budget >= 0, "recently used: a budget of \(budget) bytes")
        self.budget = budget
    }

    package var count: Int { entries.count }
    package var bytes: Int { entries.reduce(0) { $0 + $1.bytes } }

    /// The value, which then counts as the last one used.
    package mutating func value(for key: Key) -> Value? {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        entries.append(entries.remove(at: index))
        return entries[entries.count - 1].value
    }

    /// Keeps a value, in the place of those that were not used for longest. One larger than the budget is not kept.
    package mutating func insert(_ value: Value, for key: Key, bytes size: Int) {
        precondition(size >= 0, "recently used: a value of \(size) bytes")
        entries.removeAll { $0.key == key }
        guard size <= budget, size > 0 else { return }
        while bytes + size > budget { entries.removeFirst() }
        entries.append((key, value, size))
    }
}
