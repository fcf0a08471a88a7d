// SPDX-License-Identifier: MIT

import Synchronization

/// Spans on their way to an exporter, as many as fit: whoever works never waits for whoever looks on.
public final class SpanQueue: Sendable {
    /// A few seconds of a busy broker.
    public static let standardCapacity = 4096

    private let capacity: Int
    private let spans = Mutex<[Span]>([])
    private let drops = Atomic<Int>(0)

    public init(capacity: Int = standardCapacity) {
        precondition(capacity > 0, "a queue of \(capacity) spans")
        self.capacity = capacity
    }

    /// Those that did not fit, and those that nobody took.
    public var dropped: Int { drops.load(ordering: .relaxed) }

    /// Keeps a span, unless its trace is not sampled or there is no room.
    public func record(_ span: Span) {
        guard span.context.isSampled else { return }
        let isKept = spans.withLock { spans in
            guard spans.count < capacity else { return false }
            spans.append(span)
            return true
        }
        if !isKept { drop(1) }
    }

    /// The oldest.
    public func take(atMost count: Int) -> [Span] {
        spans.withLock { spans in
            let taken = Array(spans.prefix(count))
            spans.removeFirst(taken.count)
            return taken
        }
    }

    /// So many were taken and could not be delivered.
    public func drop(_ count: Int) { drops.wrappingAdd(count, ordering: .relaxed) }
}
