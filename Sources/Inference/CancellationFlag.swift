// SPDX-License-Identifier: MIT

import Synchronization

/// How another thread tells a running task to end: at once, or at a point in time.
///
/// The engine looks at the flag before the vision tower, before each prompt and before each token.
public final class CancellationFlag: Sendable {
    /// When the answer stops being of use; `nil` means never.
    public let deadline: ContinuousClock.Instant?
    private let flag = Atomic<Bool>(false)

    public init(deadline: ContinuousClock.Instant? = nil) {
        self.deadline = deadline
    }

    public func cancel() {
        flag.store(true, ordering: .relaxed)
    }

    public var isCancelled: Bool { flag.load(ordering: .relaxed) }

    /// - Throws: `cancelled`, or `deadlineExceeded` where `now` is not before the deadline.
    func check(now: ContinuousClock.Instant) throws(TaskError) {
        if isCancelled { throw TaskError(.cancelled, "the call was cancelled") }
        if let deadline, now >= deadline {
            throw TaskError(.deadlineExceeded, "the deadline passed before the answer was complete")
        }
    }

    /// Checks against the clock.
    func check() throws(TaskError) {
        try check(now: ContinuousClock.now)
    }
}
