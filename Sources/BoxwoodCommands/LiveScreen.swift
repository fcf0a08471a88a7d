// SPDX-License-Identifier: MIT
import Synchronization

/// A terminal's second screen, drawn anew again and again; the first one is as it was when this is left.
///
/// Nothing of the terminal's settings is changed: whoever is killed in between leaves a screen that `reset` mends, and no
/// terminal that does not echo.
package final class LiveScreen: Sendable {
    private let isShown = Mutex(false)
    private let write: @Sendable (String) -> Void

    /// - Parameter write: to the terminal.
    package init(_ write: @escaping @Sendable (String) -> Void) {
        self.write = write
    }

    /// The second screen, and no cursor.
    package static let entry = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J"
    package static let exit = "\u{1B}[?25h\u{1B}[?1049l"

    package func enter() {
        isShown.withLock { isShown in
            if !isShown { write(Self.entry) }
            isShown = true
        }
    }

    /// From any thread, any number of times; nothing is drawn after it.
    package func leave() {
        isShown.withLock { isShown in
            if isShown { write(Self.exit) }
            isShown = false
        }
    }

    /// - Parameter lines: without control characters, no wider and no more than the screen has room for.
    package func draw(_ lines: [String]) {
        isShown.withLock { isShown in
            if isShown { write(Self.frame(lines)) }
        }
    }

    /// Each line is cleared before it is written: in the last column there is nothing after it to clear. Below the last
    /// one all is cleared.
    package static func frame(_ lines: [String]) -> String {
        "\u{1B}[H" + lines.map { "\u{1B}[2K" + $0 }.joined(separator: "\r\n") + "\r\n\u{1B}[J"
    }
}
