// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Synchronization
import Testing

struct LiveScreenTests {
    /// What a screen wrote to its terminal.
    private final class Terminal: Sendable {
        private let text = Mutex("")
        var written: String { text.withLock { $0 } }
        var screen: LiveScreen { LiveScreen { [self] words in text.withLock { $0 += words } } }
    }

    @Test func itEntersDrawsAndLeaves() {
        let terminal = Terminal()
        let screen = terminal.screen
        screen.enter()
        screen.draw(["one", "two"])
        screen.leave()
        #expect(terminal.written == LiveScreen.entry + LiveScreen.frame(["one", "two"]) + LiveScreen.exit)
    }

    @Test func nothingIsDrawnBeforeOrAfter() {
        let terminal = Terminal()
        let screen = terminal.screen
        screen.draw(["early"])
        screen.leave()
        #expect(terminal.written.isEmpty, "there is nothing to leave")
        screen.enter()
        screen.enter()
        screen.leave()
        screen.leave()
        screen.draw(["late"])
        #expect(terminal.written == LiveScreen.entry + LiveScreen.exit)
        screen.enter()
        #expect(terminal.written.hasSuffix(LiveScreen.exit + LiveScreen.entry), "it may come again")
    }

    /// Whatever stood there is gone: each line is cleared before it, and all below the last.
    @Test func aFrameReplacesTheOneBefore() {
        #expect(LiveScreen.frame(["a", "b"]) == "\u{1B}[H\u{1B}[2Ka\r\n\u{1B}[2Kb\r\n\u{1B}[J")
    }
}
