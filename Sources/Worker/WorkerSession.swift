// SPDX-License-Identifier: MIT
package import Wire

/// What a worker does about what happens: a pure state machine without a socket, an engine or a clock.
///
/// Every message of the broker, every report of the engine and every passing of time goes in; what is to be sent,
/// started and stopped comes out.
package struct WorkerSession {
    package enum Action: Hashable {
        case send(WorkerMessage)
        /// Put the job into the engine's line.
        case start(Job)
        /// Raise the job's flag; the engine may run it, hold it in its line, or be done with it.
        case cancel(Dispatch)
        /// Take these out of the engine's line and tell ``handedBack(_:)`` which were still in it.
        case handBack([Dispatch])
        /// Close the socket and open a new one: the broker went silent.
        case reconnect
        /// It is over; with the broker's reason where the broker ended it.
        case finish(RPCStatus?)
        /// It is over: the engine does not come back from a job that was taken away.
        case giveUp
    }

    /// What a broker, or the network, got wrong or late. Only ever grows.
    package struct Counters: Hashable {
        package var violations = 0
        package var lateResults = 0
        package var sessions = 0
    }

    package typealias Instant = ContinuousClock.Instant

    private enum State {
        /// HELLO was sent and not answered.
        case greeting(since: Instant)
        case open(WorkerWelcome, heard: Instant, beaten: Instant)
        /// To greet, or greet again, then; but not before the engine is free.
        case pausing(until: Instant)
        case over
    }

    private struct Held {
        let dispatch: Dispatch
        var isStarted = false
        /// The broker asked for an end; the engine still owes the answer.
        var isCancelled = false
        /// The worker is leaving and stopped it: its caller did not ask for that, so it begins anew elsewhere.
        var isGivenUp = false
    }

    private let hello: WorkerHello
    private let helloInterval: Duration
    private let hangLimit: Duration
    private var state: State
    private var held: [Held] = []
    /// What the engine is in, whoever still waits for it.
    private var running: Set<Dispatch> = []
    private var isDraining = false
    /// The credits that the broker was told last.
    private var offered: UInt32
    package private(set) var counters = Counters()

    /// - Parameters:
    ///   - helloInterval: between a HELLO without an answer and the next, and before coming back to a broker.
    ///   - hangLimit: how long the engine may take to leave the jobs of a session that is over.
    ///   - now: when the socket was opened; HELLO goes out with the first ``timePassed(at:progress:)``.
    package init(
        hello: WorkerHello, helloInterval: Duration = .seconds(2), hangLimit: Duration = .seconds(30), at now: Instant
    ) {
        self.hello = hello
        offered = hello.credits
        self.helloInterval = helloInterval
        self.hangLimit = hangLimit
        state = .pausing(until: now)
    }

    /// The id that the broker gave; `nil` outside a session.
    package var worker: String? {
        if case .open(let welcome, _, _) = state { welcome.worker } else { nil }
    }

    /// Whether the engine is in a job of this broker's, whoever still waits for it.
    package var isEngineBusy: Bool { !running.isEmpty }

    /// How much of the worker's room it takes: jobs that it holds, and those that the engine is still in for nobody.
    package var occupied: Int {
        held.count + running.count { dispatch in !held.contains { $0.dispatch == dispatch } }
    }

    /// When ``timePassed(at:progress:)`` next has something to do.
    package var nextDeadline: Instant? {
        switch state {
        case .greeting(let since): since + helloInterval
        case .open(let welcome, let heard, let beaten):
            min(beaten + welcome.beatPause, heard + welcome.silenceLimit)
        case .pausing(let until): running.isEmpty ? until : until + hangLimit
        case .over: nil
        }
    }
}

// MARK: - The broker

extension WorkerSession {
    package mutating func received(_ order: BrokerOrder, at now: Instant) -> [Action] {
        if case .over = state { return [] }
        hear(at: now)
        switch order {
        case .welcome(let welcome): return welcomed(welcome, at: now)
        case .who: return unknown(at: now)
        case .job(let job): return handed(job)
        case .cancel(let dispatch, _): return cancelled(dispatch)
        case .beat: return []
        case .drain: return drain()
        case .bye(let status): return dismissed(status, at: now)
        }
    }

    /// Frames that are no message of a broker: counted and dropped; but a job among them is answered, because the broker
    /// waits for it.
    package mutating func receivedGarbage(_ error: FrameError) -> [Action] {
        counters.violations += 1
        guard case .open = state, let dispatch = error.dispatch,
            !held.contains(where: { $0.dispatch == dispatch })
        else { return [] }
        return [.send(.result(JobResult(dispatch: dispatch, status: error.status.checked(madeBy: .worker))))]
    }

    private mutating func hear(at now: Instant) {
        if case .open(let welcome, _, let beaten) = state {
            state = .open(welcome, heard: now, beaten: beaten)
        }
    }

    private mutating func welcomed(_ welcome: WorkerWelcome, at now: Instant) -> [Action] {
        let abandoned = abandonAll()
        counters.sessions += 1
        offered = hello.credits
        state = .open(welcome, heard: now, beaten: now)
        // A drain that was asked for while no session stood is over before it begins.
        return isDraining ? abandoned + leave() : abandoned
    }

    /// A WHO that crosses a HELLO on its way was for a message before it: the WELCOME is coming.
    private mutating func unknown(at now: Instant) -> [Action] {
        guard case .open = state else { return [] }
        state = .pausing(until: now)
        return abandonAll()
    }

    private mutating func handed(_ job: Job) -> [Action] {
        guard case .open = state, !held.contains(where: { $0.dispatch == job.dispatch }) else {
            counters.violations += 1
            return []
        }
        if isDraining { return [.send(.drain(returned: [job.dispatch]))] }
        guard held.count < Int(hello.credits) else {
            counters.violations += 1
            let status = RPCStatus(
                .resourceExhausted, "the worker offered \(hello.credits) credits and all are taken", reason: .noCredit)
            return [.send(.result(JobResult(dispatch: job.dispatch, status: status)))]
        }
        held.append(Held(dispatch: job.dispatch))
        return [.start(job)]
    }

    /// A job that came while other brokers' jobs took the room for it: handed back, not held.
    package mutating func declined(_ job: Job, credits: UInt32, at now: Instant) -> [Action] {
        hear(at: now)
        guard case .open = state, !isDraining else { return received(.job(job), at: now) }
        offered = credits
        return [.send(.credit(credits, returned: [job.dispatch]))]
    }

    /// Tells the broker how many of its jobs there is room for, where that has changed.
    package mutating func offer(_ credits: UInt32) -> [Action] {
        guard case .open = state, !isDraining, credits != offered else { return [] }
        offered = credits
        return [.send(.credit(credits, returned: []))]
    }

    private mutating func cancelled(_ dispatch: Dispatch) -> [Action] {
        guard let index = held.firstIndex(where: { $0.dispatch == dispatch }), !held[index].isCancelled else {
            counters.violations += 1
            return []
        }
        guard !held[index].isStarted else {
            held[index].isCancelled = true
            return [.cancel(dispatch)]
        }
        // Not begun: nothing to wait for. Should the engine have taken it just now, its report finds nobody waiting.
        held.remove(at: index)
        let status = RPCStatus(.cancelled, "the call was cancelled before it began")
        return [.cancel(dispatch), .send(.result(JobResult(dispatch: dispatch, status: status)))] + leaveIfDone()
    }

    private mutating func dismissed(_ status: RPCStatus, at now: Instant) -> [Action] {
        let abandoned = abandonAll()
        guard status.code == .unavailable, !isDraining else {
            state = .over
            return abandoned + [.finish(isDraining ? nil : status)]
        }
        state = .pausing(until: now + helloInterval)
        return abandoned
    }
}

// MARK: - The engine

extension WorkerSession {
    package mutating func started(_ dispatch: Dispatch) -> [Action] {
        running.insert(dispatch)
        guard let index = held.firstIndex(where: { $0.dispatch == dispatch }) else { return [.cancel(dispatch)] }
        held[index].isStarted = true
        return [.send(.started(dispatch))]
    }

    /// Part of a job's answer is settled; a job that is cancelled or was taken away has nobody to hear of it.
    package func found(_ partial: JobPartial) -> [Action] {
        guard let job = held.first(where: { $0.dispatch == partial.dispatch }), !job.isCancelled else { return [] }
        return [.send(.partial(partial))]
    }

    package mutating func finished(_ result: JobResult) -> [Action] {
        running.remove(result.dispatch)
        guard let index = held.firstIndex(where: { $0.dispatch == result.dispatch }) else {
            counters.lateResults += 1
            return []
        }
        let job = held.remove(at: index)
        if job.isGivenUp, !job.isCancelled, result.status.code == .cancelled {
            return [.send(.drain(returned: [result.dispatch]))] + leaveIfDone()
        }
        return [.send(.result(result))] + leaveIfDone()
    }
}

// MARK: - Time, and the end

extension WorkerSession {
    package mutating func timePassed(at now: Instant, progress: UInt64) -> [Action] {
        switch state {
        case .greeting(let since): return now >= since + helloInterval ? greet(at: now) : []
        case .pausing(let until): return paused(until, at: now)
        case .open(let welcome, let heard, let beaten):
            let heard = excusing(
                since: min(beaten + welcome.beatPause, heard + welcome.silenceLimit), heard, at: now)
            if now >= heard + welcome.silenceLimit { return lost(at: now) }
            guard now >= beaten + welcome.beatPause else { return [] }
            state = .open(welcome, heard: heard, beaten: now)
            return [.send(.beat(beat(progress)))]
        case .over: return []
        }
    }

    /// When the broker counts as heard, where this was to be called at `due`: a worker that itself stood still for more than
    /// an interval has heard nobody in that time.
    private func excusing(since due: Instant, _ heard: Instant, at now: Instant) -> Instant {
        guard case .open(let welcome, _, _) = state, now > due + welcome.beatInterval else { return heard }
        return min(now, heard + due.duration(to: now))
    }

    /// Takes no more jobs, hands back those not begun, and leaves when the rest is done.
    package mutating func drain() -> [Action] {
        guard !isDraining else { return [] }
        isDraining = true
        guard case .open = state else {
            state = .over
            return [.finish(nil)]
        }
        return [.handBack(held.filter { !$0.isStarted }.map(\.dispatch))]
    }

    /// The engine will never see these.
    package mutating func handedBack(_ dispatches: [Dispatch]) -> [Action] {
        held.removeAll { dispatches.contains($0.dispatch) }
        return [.send(.drain(returned: dispatches))] + leaveIfDone()
    }

    /// Stops what is still running, and hands it back as it ends; what was done in time is answered.
    package mutating func giveUpRunning() -> [Action] {
        for index in held.indices { held[index].isGivenUp = true }
        return held.map { .cancel($0.dispatch) }
    }

    private func beat(_ progress: UInt64) -> WorkerBeat {
        WorkerBeat(
            progress: Double(progress), jobs: held.map(\.dispatch), isBusy: !running.isEmpty)
    }

    /// A worker whose engine is still in jobs of the last session would only collect jobs that wait: it greets when the
    /// engine is free, and gives up on an engine that hangs.
    private mutating func paused(_ until: Instant, at now: Instant) -> [Action] {
        if running.isEmpty { return now >= until ? greet(at: now) : [] }
        guard now >= until + hangLimit else { return [] }
        state = .over
        return [.giveUp]
    }

    private mutating func greet(at now: Instant) -> [Action] {
        state = .greeting(since: now)
        return [.send(.hello(hello))]
    }

    private mutating func lost(at now: Instant) -> [Action] {
        let abandoned = abandonAll()
        state = .pausing(until: now)
        return abandoned + [.reconnect]
    }

    private mutating func abandonAll() -> [Action] {
        defer { held = [] }
        return held.map { .cancel($0.dispatch) }
    }

    private mutating func leaveIfDone() -> [Action] {
        isDraining && held.isEmpty ? leave() : []
    }

    private mutating func leave() -> [Action] {
        state = .over
        return [.send(.bye(.ok)), .finish(nil)]
    }
}

extension WorkerWelcome {
    var beatInterval: Duration { .milliseconds(Int(beatIntervalMilliseconds)) }
    /// Two beats in an interval, so that one that is late is not missed.
    var beatPause: Duration { beatInterval / 2 }
    var silenceLimit: Duration { beatInterval * Int(liveness) }
}
