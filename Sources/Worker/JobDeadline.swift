// SPDX-License-Identifier: MIT
import Inference
import Wire

extension CancellationFlag {
    /// Why a job must not begin at this instant; `nil` when it may.
    func refusal(at now: ContinuousClock.Instant) -> RPCStatus? {
        if isCancelled { return RPCStatus(.cancelled, "the call was cancelled before it began") }
        guard let deadline, now >= deadline else { return nil }
        return RPCStatus(.deadlineExceeded, "the call's time was up before the worker began")
    }
}
