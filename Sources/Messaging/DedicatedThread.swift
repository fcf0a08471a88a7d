// SPDX-License-Identifier: MIT

import Foundation

/// A named thread of its own: for loops that own a socket and for engines, which must not hold up Swift's cooperative
/// pool.
public final class DedicatedThread: Sendable {
    private let finished = DispatchSemaphore(value: 0)

    /// The stack of a thread that runs a model: room for deep call chains of C libraries.
    public static let stackBytes = 8 << 20

    /// Starts at once.
    public init(name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread { [finished] in
            body()
            finished.signal()
        }
        thread.name = name
        thread.stackSize = Self.stackBytes
        thread.start()
    }

    /// Waits until the body has returned. May be called more than once, from any thread but its own.
    public func join() {
        finished.wait()
        finished.signal()
    }
}
