// SPDX-License-Identifier: MIT

/// A dictionary whose keys keep the order they came in: the same history gives the same decisions in every process.
///
/// Going through it looks up nothing, since it is done for every call. What is removed leaves a gap; when there are more gaps than
/// values, the rest moves up.
struct OrderedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var slots: [(key: Key, value: Value)?] = []
    private var places: [Key: Int] = [:]

    /// Fewer gaps are not worth the work.
    private static var gaps: Int { 16 }

    var count: Int { places.count }
    var isEmpty: Bool { places.isEmpty }
    var keys: [Key] { slots.compactMap { $0?.key } }

    subscript(key: Key) -> Value? {
        get { places[key].map { slots[$0]!.value } }
        _modify {
            let place = places[key]
            // Taken out, so that a change in place is not a change of a copy.
            var value = place.flatMap { slots[$0].take()?.value }
            defer { put(value, at: place, for: key) }
            yield &value
        }
    }

    @discardableResult
    mutating func removeValue(forKey key: Key) -> Value? {
        guard let place = places[key] else { return nil }
        let value = slots[place]!.value
        put(nil, at: place, for: key)
        return value
    }

    private mutating func put(_ value: Value?, at place: Int?, for key: Key) {
        switch (value, place) {
        case (let value?, let place?): slots[place] = (key, value)
        case (let value?, nil):
            places[key] = slots.count
            slots.append((key, value))
        case (nil, let place?):
            slots[place] = nil
            places[key] = nil
            moveUp()
        case (nil, nil): break
        }
    }

    private mutating func moveUp() {
        guard slots.count > 2 * places.count + Self.gaps else { return }
        slots.removeAll { $0 == nil }
        for (place, slot) in slots.enumerated() { places[slot!.key] = place }
    }
}

extension OrderedTable: Sequence {
    func makeIterator() -> some IteratorProtocol<(key: Key, value: Value)> {
        slots.lazy.compactMap(\.self).makeIterator()
    }
}
