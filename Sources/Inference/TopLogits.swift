// SPDX-License-Identifier: MIT

/// The largest of many logits, best first; of equals the lower id.
package struct TopLogits {
    package private(set) var ids: [Int] = []

    /// - Parameters:
    ///   - logits: `[V]`.
    ///   - count: how many are wanted; fewer where there are not as many.
    ///   - excluded: ids that do not take part.
    package init(_ logits: [Float], count: Int, excluding excluded: [Int] = []) {
        let excluded = Set(excluded)
        for id in logits.indices {
            let isIn = ids.count < count || logits[id] > logits[ids[count - 1]]
            guard isIn, excluded.isEmpty || !excluded.contains(id) else { continue }
            let place = ids.firstIndex { logits[id] > logits[$0] } ?? ids.count
            ids.insert(id, at: place)
            if ids.count > count { ids.removeLast() }
        }
    }
}
