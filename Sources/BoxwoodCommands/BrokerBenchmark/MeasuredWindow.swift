// SPDX-License-Identifier: MIT
import Synchronization

/// The stretch of time that counts, which begins when every caller has had an answer.
final class MeasuredWindow: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What a caller is to do.
    enum Phase {
        case warmUp
        case measure(begin: Instant, end: Instant)
        case giveUp
    }

    private struct State {
        var ready = 0
        var failure: String?
        var window: (begin: Instant, end: Instant)?
        var isAbandoned = false
    }

    private let state = Mutex(State())

    /// A caller had its first answer.
    func callerIsReady() { state.withLock { $0.ready += 1 } }

    /// A caller cannot go on.
    func failed(_ words: String) {
        state.withLock { $0.failure = $0.failure ?? words }
    }

    var ready: Int { state.withLock { $0.ready } }
    var failure: String? { state.withLock { $0.failure } }

    var phase: Phase {
        state.withLock { state in
            if let window = state.window { return .measure(begin: window.begin, end: window.end) }
            return state.isAbandoned || state.failure != nil ? .giveUp : .warmUp
        }
    }

    func open(begin: Instant, end: Instant) { state.withLock { $0.window = (begin, end) } }

    func abandon() { state.withLock { $0.isAbandoned = true } }
}

/// What one caller, or all of them, saw in the window.
struct CallerOutcome: Sendable {
    var samples: [Duration] = []
    /// Calls that ended with another status than OK.
    var failed = 0
    /// Calls that were due and for which there was no time.
    var missed = 0
    /// When the last call of the window ended.
    var end: ContinuousClock.Instant?

    static func += (sum: inout Self, other: Self) {
        sum.samples += other.samples
        sum.failed += other.failed
        sum.missed += other.missed
        sum.end = [sum.end, other.end].compactMap(\.self).max()
    }
}
