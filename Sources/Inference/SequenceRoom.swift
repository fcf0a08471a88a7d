// SPDX-License-Identifier: MIT

/// What sequences take of an engine: rows of its step and bytes of keys and values.
package struct SequenceRoom: Sendable, Hashable {
    package var rows: Int
    package var bytes: Int

    package init(rows: Int = 0, bytes: Int = 0) {
        (self.rows, self.bytes) = (rows, bytes)
    }

    package func fits(in limit: SequenceRoom) -> Bool {
        rows <= limit.rows && bytes <= limit.bytes
    }

    package static func + (a: SequenceRoom, b: SequenceRoom) -> SequenceRoom {
        SequenceRoom(rows: a.rows + b.rows, bytes: a.bytes + b.bytes)
    }

    package static func - (a: SequenceRoom, b: SequenceRoom) -> SequenceRoom {
        SequenceRoom(rows: a.rows - b.rows, bytes: a.bytes - b.bytes)
    }

    /// The larger of both, in each respect.
    package func union(_ other: SequenceRoom) -> SequenceRoom {
        SequenceRoom(rows: max(rows, other.rows), bytes: max(bytes, other.bytes))
    }
}

/// Which job's prompt begins next, as a pure value: the job with the fewest sequences, of equals the one that came first.
///
/// A job that is in has room kept for one sequence, so all that are in get on, however many prompts one of them has.
/// Room beyond that is shared out one sequence at a time, but not while another job waits to be let in.
package struct SequenceTurns: Sendable {
    /// One job that is in.
    package struct Share: Sendable {
        /// Its prompts that have not begun.
        package var pending: Int
        /// Its sequences that are open.
        package var open: Int
        /// Of each of its sequences.
        package var each: SequenceRoom

        package init(pending: Int, open: Int, each: SequenceRoom) {
            (self.pending, self.open, self.each) = (pending, open, each)
        }
    }

    /// The index of the share that is next; `nil` where nobody may begin.
    /// - Parameters:
    ///   - free: beyond what is kept for those who are in.
    ///   - mayGrow: whether a job may have more than one sequence.
    package static func next(_ shares: [Share], free: SequenceRoom, mayGrow: Bool) -> Int? {
        var best: Int?
        for (index, share) in shares.enumerated() where share.pending > 0 {
            guard share.open == 0 || (mayGrow && share.each.fits(in: free)) else { continue }
            if best.map({ share.open < shares[$0].open }) ?? true { best = index }
        }
        return best
    }
}
