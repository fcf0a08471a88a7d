// SPDX-License-Identifier: MIT

import Foundation
import Synchronization

/// A named thread of its own: for loops that own a socket and for engines, which must not hold up Swift's cooperative
/// pool.
public final class DedicatedThread: Sendable {
    private let finished = DispatchSemaphore(value: 0)

    /// The stack of a thread that runs a model: room for deep call chains of C libraries.
    public static let stackBytes = 8 << 20

    /// Starts at once.
    public init(name: String, _ body: @escaping @Sendable () -> Void) {
        let work = Work(body)
        let thread = Thread { [finished] in
            work.runAndRelease()
            finished.signal()
        }
        thread.name = name
        thread.stackSize = Self.stackBytes
        thread.start()
    }

    /// Waits until the body has returned and what only it held is gone, a ``Context`` with its last messages above all:
    /// a process that ends after this has said all it had to say. May be called more than once, from any thread but its
    /// own.
    public func join() {
        finished.wait()
        finished.signal()
    }
}

/// A body that is let go of as soon as it has run, not when its thread is.
private final class Work: Sendable {
    private let body: Mutex<(@Sendable () -> Void)?>

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = Mutex(body)
    }

    func runAndRelease() {
        let body = body.withLock { $0.take() }
        body?()
    }
}
