// SPDX-License-Identifier: MIT
import Glibc
import Synchronization

/// Whoever started this process and watches it, told as sd_notify(3) has it: a datagram to the socket that NOTIFY_SOCKET
/// names. Without one nothing is said.
package final class ServiceManager: Sendable {
    private let channel: NotifyChannel?
    private let watchdog: Mutex<WatchdogTimer?>
    private let hasFailed = Atomic(false)
    private let onFailure: @Sendable (String) -> Void

    /// - Parameters:
    ///   - pid: of this process: a watchdog that is another's is not ours to feed.
    ///   - onFailure: called once, with the reason, when something cannot be said.
    package init(environment: [String: String], pid: Int32, onFailure: @escaping @Sendable (String) -> Void) {
        self.onFailure = onFailure
        watchdog = Mutex(WatchdogTimer(environment: environment, pid: pid))
        var channel: NotifyChannel?
        if let name = environment["NOTIFY_SOCKET"], !name.isEmpty {
            do throws(NotifyFailure) {
                channel = try NotifyChannel(name)
            } catch {
                onFailure(error.description)
            }
        }
        self.channel = channel
    }

    /// The variables that belong to this process alone, not to those that it starts.
    package static let variables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]

    /// How long this process may be silent once it is ready; `nil` where nobody minds.
    package var watchdogInterval: Duration? { watchdog.withLock { $0?.interval } }

    /// It can do its work.
    package func ready(_ status: String) { say("READY=1\nSTATUS=\(TerminalText.line(status))") }

    /// It is about to end, and finishes what it has.
    package func stopping() { say("STOPPING=1\nSTATUS=finishing what is under way") }

    /// The loop that would hang does not. May be called as often as it turns.
    package func alive(at now: ContinuousClock.Instant) {
        guard watchdog.withLock({ $0?.isDue(at: now) ?? false }) else { return }
        say("WATCHDOG=1", waits: false)
    }

    private func say(_ words: String, waits: Bool = true) {
        do throws(NotifyFailure) {
            try channel?.send(words, waits: waits)
        } catch {
            if !hasFailed.exchange(true, ordering: .relaxed) { onFailure(error.description) }
        }
    }
}

/// When a watchdog is to be fed: four times in its interval, so that it forgives a turn that takes long.
package struct WatchdogTimer: Sendable, Hashable {
    package let interval: Duration
    private var last: ContinuousClock.Instant?

    package init(interval: Duration) {
        self.interval = interval
    }

    /// - Returns: `nil` where there is none, or another process's.
    package init?(environment: [String: String], pid: Int32) {
        guard let text = environment["WATCHDOG_USEC"], let microseconds = Int64(text), microseconds > 0 else {
            return nil
        }
        if let owner = environment["WATCHDOG_PID"], owner != String(pid) { return nil }
        interval = .microseconds(microseconds)
    }

    package mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
        if let last, now < last + interval / 4 { return false }
        last = now
        return true
    }
}
