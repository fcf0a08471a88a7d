// SPDX-License-Identifier: MIT

/// A dictionary whose keys keep the order they came in: the same history gives the same decisions in every process.
///
/// Removing and the first of many are linear in the number of keys, which is that of workers, or of clients that wait.
struct OrderedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private(set) var keys: [Key] = []
    private var values: [Key: Value] = [:]

    var count: Int { keys.count }
    var isEmpty: Bool { keys.isEmpty }

    subscript(key: Key) -> Value? {
        get { values[key] }
        _modify {
            let had = values[key] != nil
            yield &values[key]
            switch (had, values[key] != nil) {
            case (false, true): keys.append(key)
            case (true, false): keys.removeAll { $0 == key }
            default: break
            }
        }
    }

    @discardableResult
    mutating func removeValue(forKey key: Key) -> Value? {
        guard let value = values.removeValue(forKey: key) else { return nil }
        keys.removeAll { $0 == key }
        return value
    }
}

extension OrderedTable: Sequence {
    func makeIterator() -> some IteratorProtocol<(key: Key, value: Value)> {
        keys.lazy.map { [values] in (key: $0, value: values[$0]!) }.makeIterator()
    }
}
