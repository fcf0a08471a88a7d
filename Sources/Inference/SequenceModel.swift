// SPDX-License-Identifier: MIT

package import Kosmos2

/// The keys and values of one sequence.
package protocol SequenceCache: AnyObject {
    /// Takes over another sequence's content; both have one capacity.
    func copy(from other: Self)
}

/// What generation asks of a model: next-token logits of several sequences at once. `V` is the vocabulary.
package protocol SequenceModel {
    associatedtype Cache: SequenceCache
    func makeCache(capacity: Int?) -> Cache
    /// Appends one token to each sequence. Raw logits of the part of the vocabulary, a row for each sequence.
    func step(tokens: [Int], caches: [Cache], _ part: HeadPart) -> Logits
}
