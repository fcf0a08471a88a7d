// SPDX-License-Identifier: MIT

/// The deadlines of open calls, the next one first: a binary heap.
///
/// A call that ends before its deadline stays in the heap until it comes up or the heap is mostly of such.
struct DeadlineQueue: Sendable {
    private typealias Entry = (deadline: Duration, call: CallID)
    private var heap: [Entry] = []

    /// Few enough dead entries to leave alone.
    private static let slack = 64

    var next: Duration? { heap.first?.deadline }

    mutating func insert(_ call: CallID, at deadline: Duration) {
        heap.append((deadline, call))
        var child = heap.count - 1
        while child > 0, Self.isBefore(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The open call that is due first, if it is due now.
    mutating func takeDue(at now: Duration) -> CallID? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        removeFirst()
        return first.call
    }

    /// To be called when a call has ended, so that ``next`` is an open call's.
    mutating func drop(openCount: Int, isOpen: (CallID) -> Bool) {
        if heap.count > 2 * openCount + Self.slack {
            let open = heap.filter { isOpen($0.call) }
            heap = []
            for entry in open { insert(entry.call, at: entry.deadline) }
        }
        while let first = heap.first, !isOpen(first.call) { removeFirst() }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while 2 * parent + 1 < heap.count {
            var least = 2 * parent + 1
            if least + 1 < heap.count, Self.isBefore(heap[least + 1], heap[least]) { least += 1 }
            guard Self.isBefore(heap[least], heap[parent]) else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private static func isBefore(_ a: Entry, _ b: Entry) -> Bool {
        a.deadline == b.deadline ? a.call < b.call : a.deadline < b.deadline
    }
}
