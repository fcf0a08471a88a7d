// SPDX-License-Identifier: MIT
import Synchronization

/// One line on the standard error stream that says what a long command is doing, on a terminal and nowhere else.
///
/// It shows after two seconds, so that quick commands stay quiet, and is gone when the command is done.
package final class ProgressLine: Sendable {
    package static let delay = Duration.seconds(2)

    private struct State {
        var stage: String
        var isShown = false
        var isDone = false
    }

    private let state: Mutex<State>
    private let begin = ContinuousClock.now

    package init(_ stage: String) {
        state = Mutex(State(stage: stage))
        guard StandardStream.error.isTerminal else { return }
        Task { [weak self] in
            try await Task.sleep(for: Self.delay)
            while self?.show() == true { try await Task.sleep(for: .milliseconds(100)) }
        }
    }

    /// - Parameter stage: what begins now.
    package func enter(_ stage: String) {
        state.withLock { $0.stage = stage }
    }

    package func finish() {
        state.withLock { state in
            state.isDone = true
            if state.isShown { StandardStream.error.write(Self.erase) }
        }
    }

    private static let erase = "\r\u{1B}[K"

    /// - Returns: whether the command is still at it.
    private func show() -> Bool {
        let elapsed = begin.duration(to: .now)
        return state.withLock { state in
            guard !state.isDone else { return false }
            state.isShown = true
            let width = StandardStream.error.width ?? 80
            let text = TerminalText.truncated(Self.text(state.stage, after: elapsed), to: width - 1)
            StandardStream.error.write(Self.erase + text)
            return true
        }
    }

    /// The line at a moment: a turning bar, what is being done, for how long.
    package static func text(_ stage: String, after elapsed: Duration) -> String {
        let (seconds, attoseconds) = elapsed.components
        let tenths = max(0, seconds * 10 + attoseconds / 100_000_000_000_000_000)
        let bar = Array("|/-\\")[Int(tenths % 4)]
        return "\(bar) \(TerminalText.line(stage))  \(tenths / 10).\(tenths % 10) s"
    }
}
