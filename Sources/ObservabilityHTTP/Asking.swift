// SPDX-License-Identifier: MIT
import Observability
import Synchronization

/// Puts a question to a process's loop and waits for its answer, for a while.
struct Asking: Sendable {
    let ask: @Sendable (ServiceQuestion) -> Void
    let patience: Duration

    /// - Returns: `nil` where no answer came in time.
    func report(wantsMetrics: Bool) async -> ServiceReport? {
        await withCheckedContinuation { continuation in
            let once = Once(continuation)
            let timer = Task { [patience] in
                try? await Task.sleep(for: patience)
                once.resume(nil)
            }
            ask(
                ServiceQuestion(wantsMetrics: wantsMetrics) { report in
                    // In this order: a timer that is cancelled wakes up and says that nobody answered.
                    once.resume(report)
                    timer.cancel()
                })
        }
    }
}

/// A continuation that several may resume, and the first does.
final class Once<Value: Sendable, Failure: Error>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value, Failure>?>

    init(_ continuation: CheckedContinuation<Value, Failure>) {
        self.continuation = Mutex(continuation)
    }

    func resume(_ value: Value) { take()?.resume(returning: value) }
    func resume(throwing error: Failure) { take()?.resume(throwing: error) }

    private func take() -> CheckedContinuation<Value, Failure>? {
        continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
    }
}
