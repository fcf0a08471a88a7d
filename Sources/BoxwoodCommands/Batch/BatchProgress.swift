// SPDX-License-Identifier: MIT
import Synchronization
package import Wire

/// Tells on the standard error stream how a run gets on: on a terminal a line that is drawn anew, else a line every ten seconds.
package final class BatchProgress: Sendable {
    private let state: Mutex<(status: BatchStatus, isDone: Bool)>
    private let begin = ContinuousClock.now
    private let stream = StandardStream.error

    private static let erase = "\r\u{1B}[K"
    private static let terminalInterval = Duration.milliseconds(200)
    private static let plainInterval = Duration.seconds(10)

    /// - Parameter isQuiet: nothing is said before the end.
    package init(_ status: BatchStatus, isQuiet: Bool) {
        state = Mutex((status, isDone: isQuiet))
        guard !isQuiet else { return }
        let interval = stream.isTerminal ? Self.terminalInterval : Self.plainInterval
        Task { [weak self] in
            try await Task.sleep(for: interval)
            while self?.show() == true { try await Task.sleep(for: interval) }
        }
    }

    package func succeeded() { state.withLock { $0.status.succeeded() } }
    package func failed(_ key: String, _ status: RPCStatus) { state.withLock { $0.status.failed(key, status) } }

    /// Takes the line away; nothing is said after it.
    /// - Returns: what is to be said at the end.
    package func finish() -> (status: BatchStatus, summary: [String]) {
        state.withLock { state in
            if !state.isDone, stream.isTerminal { stream.write(Self.erase) }
            state.isDone = true
            return (state.status, state.status.summary(after: begin.duration(to: .now)))
        }
    }

    /// - Returns: whether the run goes on.
    private func show() -> Bool {
        state.withLock { state in
            guard !state.isDone else { return false }
            let line = state.status.line(after: begin.duration(to: .now))
            if stream.isTerminal {
                stream.write(Self.erase + TerminalText.truncated(line, to: (stream.width ?? 80) - 1))
            } else {
                stream.print([line])
            }
            return true
        }
    }
}
