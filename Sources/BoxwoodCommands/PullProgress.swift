// SPDX-License-Identifier: MIT
package import ModelHub
import Synchronization

/// Tells on the standard error stream how a pull gets on: on a terminal a line that is drawn anew, else a line every few seconds.
package final class PullProgress: Sendable {
    private let status: Mutex<(PullStatus, isDone: Bool)>
    private let stream = StandardStream.error

    private static let erase = "\r\u{1B}[K"
    private static let terminalInterval = Duration.milliseconds(200)
    private static let plainInterval = Duration.seconds(5)

    /// - Parameter isQuiet: says nothing at all.
    package init(_ name: String, isQuiet: Bool) {
        status = Mutex((PullStatus(name), isDone: isQuiet))
        guard !isQuiet else { return }
        let interval = stream.isTerminal ? Self.terminalInterval : Self.plainInterval
        Task { [weak self] in
            try await Task.sleep(for: interval)
            while self?.show() == true { try await Task.sleep(for: interval) }
        }
    }

    package func note(_ event: PullEvent) {
        status.withLock { $0.0.note(event, at: .now) }
        // A log without it would have a hole that nobody can explain.
        if case .paused = event, !stream.isTerminal { _ = show() }
    }

    /// Takes the line away; nothing is said after it.
    package func finish() {
        status.withLock { status in
            if !status.isDone, stream.isTerminal { stream.write(Self.erase) }
            status.isDone = true
        }
    }

    /// - Returns: whether the pull goes on.
    private func show() -> Bool {
        status.withLock { status in
            guard !status.isDone else { return false }
            let line = TerminalText.line(status.0.line(at: .now))
            if stream.isTerminal {
                stream.write(Self.erase + TerminalText.truncated(line, to: (stream.width ?? 80) - 1))
            } else {
                stream.print([line])
            }
            return true
        }
    }
}
