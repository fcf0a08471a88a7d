// SPDX-License-Identifier: MIT

internal import Tensors

/// What one sequence has been through: the keys and values of every layer, and how many tokens they are.
///
/// Allocated once for its capacity and used again after `reset()`; pages are taken as they are written.
public final class KeyValueCache {
    /// The most tokens it holds.
    public let capacity: Int
    /// How many tokens it holds; the next one gets this place.
    public private(set) var count = 0

    /// Per layer `[capacity, width]`, heads side by side.
    let keys: [Tensor]
    let values: [Tensor]

    init(layers: Int, capacity: Int, width: Int) {
        self.capacity = capacity
        keys = (0..<layers).map { _ in Tensor([capacity, width]) }
        values = (0..<layers).map { _ in Tensor([capacity, width]) }
    }

    /// Forgets everything.
    public func reset() {
        count = 0
    }

    /// Forgets all but the first `length` tokens.
    public func truncate(to length: Int) {
        precondition((0...count).contains(length), "cache: truncate \(count) tokens to \(length)")
        count = length
    }

    /// Becomes a copy of another sequence: for beams, and for prompts that begin alike.
    public func copy(from other: KeyValueCache) {
        precondition(other.count <= capacity, "cache: \(other.count) tokens into a capacity of \(capacity)")
        guard other !== self else { return }
        for (mine, theirs) in zip(keys + values, other.keys + other.values) {
            mine.pointer.update(from: theirs.pointer, count: other.count * theirs.shape[1])
        }
        count = other.count
    }

    /// Called once all layers have written `length` more tokens.
    func advance(by length: Int) {
        count += length
    }
}
