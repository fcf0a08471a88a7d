// SPDX-License-Identifier: MIT

/// The tokens that would repeat a run of tokens: `NoRepeatNGramLogitsProcessor` of transformers 5.23.
package enum NgramBlock {
    /// The tokens that must not come next.
    /// - Parameters:
    ///   - ids: everything so far: prompt, the picture's placeholder ids, generated tokens.
    ///   - size: the length of the run; 0 blocks nothing, 1 every token that occurred.
    package static func blocked(after ids: [Int], size: Int) -> [Int] {
        guard size > 0, ids.count >= size else { return [] }
        let tail = ids.suffix(size - 1)
        return (0...ids.count - size).compactMap { start in
            ids[start..<start + size - 1].elementsEqual(tail) ? ids[start + size - 1] : nil
        }
    }
}
