// SPDX-License-Identifier: MIT
import Synchronization
public import Wire

/// Tells a running job to stop: because it was cancelled, or because its time is up.
public final class JobCancellation: Sendable {
    public let deadline: ContinuousClock.Instant
    private let raised = Atomic<Bool>(false)

    public init(deadline: ContinuousClock.Instant) {
        self.deadline = deadline
    }

    public func cancel() {
        raised.store(true, ordering: .releasing)
    }

    public var isCancelled: Bool { raised.load(ordering: .acquiring) }

    /// Why the job must stop at this instant; `nil` while it may go on.
    public func reason(at now: ContinuousClock.Instant) -> RPCStatus? {
        if isCancelled { return RPCStatus(.cancelled, "the call was cancelled") }
        return now < deadline ? nil : RPCStatus(.deadlineExceeded, "the call's time was up before the worker was done")
    }
}
