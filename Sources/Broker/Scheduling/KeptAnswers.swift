// SPDX-License-Identifier: MIT

/// Which calls' answers are kept for calls that come again: for a time, and within a number and a budget of bytes. The
/// oldest goes first.
struct KeptAnswers: Sendable {
    struct Terms: Sendable {
        var time: Duration
        var count: Int
        var bytes: Int
    }

    private struct Kept: Sendable {
        let call: CallID
        let key: IdempotencyKey
        let fingerprint: UInt64
        let bytes: Int
        let until: Duration
    }

    private let terms: Terms
    private var kept: [CallID: Kept] = [:]
    private var keys: [IdempotencyKey: CallID] = [:]
    /// In the order they were kept, from `first` on.
    private var order: [CallID] = []
    private var first = 0
    private(set) var bytes = 0

    init(_ terms: Terms) {
        self.terms = terms
    }

    var count: Int { kept.count }
    var nextExpiry: Duration? { first < order.count ? kept[order[first]]?.until : nil }

    /// The call that had this key, and what it had asked for.
    func answer(to key: IdempotencyKey) -> (call: CallID, fingerprint: UInt64)? {
        keys[key].flatMap { kept[$0] }.map { ($0.call, $0.fingerprint) }
    }

    /// - Returns: false for an answer that is larger than the whole budget.
    mutating func keep(
        _ call: CallID, key: IdempotencyKey, fingerprint: UInt64, bytes size: Int, at now: Duration
    ) -> Bool {
        guard size <= terms.bytes, terms.count > 0 else { return false }
        kept[call] = Kept(call: call, key: key, fingerprint: fingerprint, bytes: size, until: now + terms.time)
        keys[key] = call
        order.append(call)
        bytes += size
        return true
    }

    /// Those that are too old, too many or too large by now.
    mutating func takeSurplus(at now: Duration) -> [CallID] {
        var surplus: [CallID] = []
        while first < order.count, let oldest = kept[order[first]],
            oldest.until <= now || kept.count > terms.count || bytes > terms.bytes
        {
            surplus.append(oldest.call)
            kept[oldest.call] = nil
            if keys[oldest.key] == oldest.call { keys[oldest.key] = nil }
            bytes -= oldest.bytes
            first += 1
        }
        if first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
        return surplus
    }
}
