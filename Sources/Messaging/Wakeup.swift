// SPDX-License-Identifier: MIT

internal import CZeroMQ
import Foundation
import Synchronization

/// Wakes a thread that waits in `Poller` from any other: an eventfd.
public final class Wakeup: Sendable {
    private let descriptor: Int32

    public init() {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        precondition(descriptor >= 0, "eventfd: \(String(cString: strerror(errno)))")
    }

    deinit {
        close(descriptor)
    }

    /// From any thread, any number of times; one wake-up is enough for many signals.
    public func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Called by the thread that was woken, before it looks at what there is to do.
    public func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }

    public var pollItem: PollItem { PollItem(descriptor: descriptor) }
}

/// Hands values from any thread to one that waits in `Poller`, in order.
public final class Mailbox<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    private let wakeup = Wakeup()

    public init() {}

    public func post(_ element: Element) {
        elements.withLock { $0.append(element) }
        wakeup.signal()
    }

    /// Everything posted since the last call.
    public func takeAll() -> [Element] {
        wakeup.clear()
        return elements.withLock { elements in
            defer { elements = [] }
            return elements
        }
    }

    public var pollItem: PollItem { wakeup.pollItem }
}
