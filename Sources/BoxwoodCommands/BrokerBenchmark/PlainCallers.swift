// SPDX-License-Identifier: MIT
import Messaging
import Wire

/// Clients that are sockets and nothing else, each with one call at a time on a connection of its own.
///
/// One thread speaks for all of them: with a thread for each, what is measured on a machine of two processors is how these take turns.
struct PlainCallers {
    private typealias Instant = ContinuousClock.Instant

    private let setting: BenchmarkCallers

    /// How long an answer is waited for.
    private static let patience: Duration = .seconds(20)
    /// How often it is looked whether the measuring has begun.
    private static let look: Duration = .milliseconds(1)

    init(_ setting: BenchmarkCallers) { self.setting = setting }

    func run(_ window: MeasuredWindow) -> CallerOutcome {
        var outcome = CallerOutcome()
        do throws(MessagingError) {
            let callers = try connect()
            for caller in callers { try caller.call(at: .now) }
            while try turn(callers, window, &outcome) {}
        } catch {
            window.failed("a plain client failed: \(error)")
        }
        return outcome
    }

    private func connect() throws(MessagingError) -> [PlainCaller] {
        let context = Context()
        return try (0..<setting.setting.clients).map { number throws(MessagingError) in
            try PlainCaller(
                number, bytes: setting.setting.bytes, expectsHeader: setting.way != .proxy, context, setting.endpoint)
        }
    }

    /// Takes the answers that have come, and makes the calls that are due.
    /// - Returns: false when all is over.
    private func turn(
        _ callers: [PlainCaller], _ window: MeasuredWindow, _ outcome: inout CallerOutcome
    ) throws(MessagingError) -> Bool {
        let phase = window.phase
        if case .giveUp = phase { return false }
        for caller in callers where caller.isFree { try proceed(caller, phase, &outcome) }
        guard callers.contains(where: { !$0.isOver }) else { return false }
        let now = Instant.now
        let due = callers.compactMap(\.due).min().map { max(.zero, now.duration(to: $0)) }
        let readable = try Poller.wait(callers.map(\.pollItem), timeout: due ?? pause(phase))
        for (caller, isReadable) in zip(callers, readable) {
            if isReadable {
                try take(caller, window, &outcome)
            } else if let since = caller.callingSince, since.duration(to: now) > Self.patience {
                throw MessagingError(.wouldBlock, "nobody answered for \(Self.patience)")
            }
        }
        return true
    }

    private func pause(_ phase: MeasuredWindow.Phase) -> Duration {
        if case .measure = phase { .seconds(1) } else { Self.look }
    }

    private func take(
        _ caller: PlainCaller, _ window: MeasuredWindow, _ outcome: inout CallerOutcome
    ) throws(MessagingError) {
        guard let answer = try caller.answer(at: .now) else { return }
        if answer.isFirst { window.callerIsReady() }
        guard answer.isMeasured else { return }
        outcome.end = max(outcome.end ?? answer.end, answer.end)
        if answer.isOK { outcome.samples.append(answer.time) } else { outcome.failed += 1 }
    }

    /// A caller that has its answer goes on: at once before the measuring, and then as its schedule says.
    private func proceed(
        _ caller: PlainCaller, _ phase: MeasuredWindow.Phase, _ outcome: inout CallerOutcome
    ) throws(MessagingError) {
        switch phase {
        case .giveUp: break
        case .warmUp: try caller.call(at: .now)
        case .measure(let begin, let end):
            let now = Instant.now
            guard now >= begin else { return caller.wait(until: begin) }
            if !caller.isMeasured { caller.measure(setting.schedule(caller.number, begin, end), from: begin) }
            if let missed = try caller.callOnTime(at: now) { outcome.missed += missed }
        }
    }
}

/// One of them. Owned by one thread.
private final class PlainCaller {
    typealias Instant = ContinuousClock.Instant

    struct Answer {
        let time: Duration
        let end: Instant
        let isOK: Bool
        let isFirst: Bool
        let isMeasured: Bool
    }

    private enum State {
        case free
        case waiting(until: Instant)
        case calling(since: Instant, isMeasured: Bool)
        case over
    }

    let number: Int
    private let socket: Socket
    private let expectsHeader: Bool
    private var request: BenchmarkRequest
    private var state = State.free
    private var answers = 0
    private var schedule: CallSchedule?
    private var freeSince = Instant.now

    init(
        _ number: Int, bytes: Int, expectsHeader: Bool, _ context: Context, _ endpoint: String
    ) throws(MessagingError) {
        self.number = number
        self.expectsHeader = expectsHeader
        request = BenchmarkRequest(bytes: bytes, caller: number)
        socket = try Socket(context, .dealer, SocketOptions(maxFrameBytes: WireLimits.frameBytes))
        try socket.connect(try Endpoint(endpoint))
    }

    var pollItem: PollItem { socket.pollItem }
    var isOver: Bool { if case .over = state { true } else { false } }
    var isMeasured: Bool { schedule != nil }
    var callingSince: Instant? { if case .calling(let since, _) = state { since } else { nil } }
    var due: Instant? { if case .waiting(let until) = state { until } else { nil } }

    var isFree: Bool {
        switch state {
        case .free: true
        case .waiting(let until): until <= .now
        case .calling, .over: false
        }
    }

    func wait(until due: Instant) { state = .waiting(until: due) }

    func measure(_ schedule: CallSchedule, from begin: Instant) {
        self.schedule = schedule
        freeSince = begin
    }

    func call(at now: Instant, since: Instant? = nil) throws(MessagingError) {
        request.nextPicture()
        try socket.send(request.message)
        state = .calling(since: since ?? now, isMeasured: isMeasured)
    }

    /// Calls when it is time to, or waits for that.
    /// - Returns: how many calls were missed, when it is over.
    func callOnTime(at now: Instant) throws(MessagingError) -> Int? {
        var due = now
        if case .waiting(let until) = state, until > freeSince, until <= now {
            due = until
        } else {
            guard let next = schedule?.next(at: now) else {
                state = .over
                return schedule?.missed ?? 0
            }
            due = next
            guard due <= now else {
                wait(until: due)
                return nil
            }
        }
        try call(at: now, since: CallSchedule.beginning(due: due, freeSince: freeSince, now: now))
        return nil
    }

    /// - Returns: `nil` where there is none yet.
    func answer(at now: Instant) throws(MessagingError) -> Answer? {
        guard case .calling(let since, let isMeasured) = state, let frames = try socket.receive() else { return nil }
        state = .free
        freeSince = now
        answers += 1
        return Answer(
            time: since.duration(to: now), end: now, isOK: !expectsHeader || Self.isOK(frames), isFirst: answers == 1,
            isMeasured: isMeasured)
    }

    private static func isOK(_ frames: [[UInt8]]) -> Bool {
        guard frames.count > 2 else { return false }
        return (try? WireEncoding.decodeResponse(ProtoResponseHeader.self, from: frames[2]))?.status.code == .ok
    }
}
