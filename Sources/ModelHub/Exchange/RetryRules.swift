// SPDX-License-Identifier: MIT

/// When something is tried again, and when no more. A pure value.
package struct RetryRules: Sendable {
    /// What it goes by.
    package struct Terms: Sendable {
        /// How often in a row without progress.
        package var tries = 6
        /// Before the second try; each further one waits twice as long.
        package var firstPause: Duration = .seconds(1)
        package var longestPause: Duration = .seconds(30)
        /// The longest that a server may ask for; who asks for more is told to the user instead.
        package var longestWait: Duration = .seconds(300)
        /// Bytes that count as progress, so that a server which gives one at a time is not asked for ever.
        package var progressBytes = 1 << 20

        package init() {}
    }

    package enum Decision: Hashable, Sendable {
        case wait(Duration)
        case giveUp
    }

    private let terms: Terms
    private var failures = 0
    private var mark = 0

    package init(_ terms: Terms) { self.terms = terms }

    /// After a try that failed.
    /// - Parameters:
    ///   - asked: how long the server wants to be left alone.
    ///   - bytes: the most that there ever was of the file.
    ///   - jitter: 0 to 1, drawn by the caller: up to a half of the pause is taken off, so that many do not come back at once.
    package mutating func decide(asked: Duration?, bytes: Int, jitter: Double) -> Decision {
        if bytes >= mark + terms.progressBytes { (failures, mark) = (0, bytes) }
        failures += 1
        guard failures < terms.tries else { return .giveUp }
        if let asked { return asked <= terms.longestWait ? .wait(asked) : .giveUp }
        let pause = min(terms.longestPause, terms.firstPause * (1 << min(failures - 1, 20)))
        return .wait(pause * (1 - jitter / 2))
    }
}
