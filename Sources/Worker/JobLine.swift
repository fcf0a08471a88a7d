// SPDX-License-Identifier: MIT
import Dispatch
package import Inference
import Synchronization
package import Wire

/// The jobs that wait for the engine, in order, with the flag of each.
package final class JobLine: Sendable {
    package typealias Entry = (job: Wire.Job, cancellation: CancellationFlag)

    private struct State {
        var waiting: [Entry] = []
        /// Of every job that the engine has not reported yet.
        var flags: [Wire.Dispatch: CancellationFlag] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    package init() {}

    package func append(_ job: Wire.Job, at now: ContinuousClock.Instant) {
        let flag = CancellationFlag(deadline: now + .milliseconds(Int(job.remainingMilliseconds)))
        state.withLock {
            $0.waiting.append((job, flag))
            $0.flags[job.dispatch] = flag
        }
        available.signal()
    }

    /// Stops a job: one that waits leaves the line, with its picture, and is never reported; for one that the engine has
    /// taken the flag is raised.
    package func cancel(_ dispatch: Wire.Dispatch) {
        guard !withdraw(dispatch) else { return }
        state.withLock { $0.flags[dispatch] }?.cancel()
    }

    /// Takes a job out of the line; false when the engine has taken it already.
    package func withdraw(_ dispatch: Wire.Dispatch) -> Bool {
        state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.job.dispatch == dispatch }) else { return false }
            state.waiting.remove(at: index)
            state.flags[dispatch] = nil
            return true
        }
    }

    /// The next job; `nil` when the line is closed, or has none for somebody who does not wait.
    /// - Parameter waits: whether it blocks until there is a job.
    package func next(waits: Bool = true) -> Entry? {
        while available.wait(timeout: waits ? .distantFuture : .now()) == .success {
            let (entry, isClosed): (Entry?, Bool) = state.withLock { state in
                if state.isClosed || state.waiting.isEmpty { return (nil, state.isClosed) }
                return (state.waiting.removeFirst(), false)
            }
            if let entry { return entry }
            // Otherwise a signal was for a job that was withdrawn.
            guard isClosed else { continue }
            // Whoever asks next is to hear of the end as well.
            available.signal()
            return nil
        }
        return nil
    }

    func forget(_ dispatch: Wire.Dispatch) {
        state.withLock { $0.flags[dispatch] = nil }
    }

    /// Lets the engine thread end, after the jobs that it is in.
    package func close() {
        let flags = state.withLock { state in
            state.isClosed = true
            return Array(state.flags.values)
        }
        for flag in flags { flag.cancel() }
        available.signal()
    }
}
