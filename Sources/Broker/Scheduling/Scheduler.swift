// SPDX-License-Identifier: MIT

/// Which call goes to which worker, and how every call ends: exactly once, in time.
///
/// A value without clock, socket or logger. Events come in with the time they happened at, a duration since any fixed
/// moment; what to do comes out. The same events give the same actions, in every process.
///
/// A call is somebody who waits for an answer; work is what a worker is given. They are one and the same until a call comes
/// again under its idempotency key and joins the work of the first.
///
/// Its parts: this file has the events of calls, `+Workers` those of workers, `+Time` the clocks. `+Admission` says who is let
/// in, `+Placement` what goes to which worker, `+Endings` how work ends or begins anew, `+Snapshots` what an operator sees, and
/// `+Operators` what one does.
public struct Scheduler: ~Copyable {
    public let configuration: SchedulerConfiguration
    public internal(set) var counters = SchedulerCounters()
    var calls: [CallID: Call] = [:]
    /// By the call that it began with, which may have ended before it.
    var works: [CallID: Work] = [:]
    /// The open work under each key.
    var openKeys: [IdempotencyKey: CallID] = [:]
    var answers: KeptAnswers
    var workers = OrderedTable<WorkerID, WorkerState>()
    var line: WaitingLine
    var loads = LoadBook()
    var deadlines = DeadlineQueue()
    /// How long work takes from being handed over, and from its beginning, to its answer.
    var turnovers = ServiceTimes()
    var services = ServiceTimes()
    var isDraining = false
    /// When the last worker went, or was set aside; `nil` while there is another.
    var withoutWorkerSince: Duration?

    /// - Parameter now: when it begins; until the first worker comes, calls wait.
    public init(_ configuration: SchedulerConfiguration = SchedulerConfiguration(), now: Duration) {
        self.configuration = configuration
        withoutWorkerSince = now
        line = WaitingLine(batchAge: configuration.batchAge)
        answers = KeptAnswers(
            KeptAnswers.Terms(
                time: configuration.answersKeptFor, count: configuration.answersKept,
                bytes: configuration.answerBytesKept))
    }

    // MARK: - Calls

    /// A caller asks.
    public mutating func callArrived(_ id: CallID, _ terms: CallTerms, at now: Duration) -> [SchedulerAction] {
        precondition(calls[id] == nil && works[id] == nil, "call \(id) twice")
        guard terms.deadline > now else {
            counters.deadlines += 1
            return [.end(id, .deadlineExceeded, attempts: 0)]
        }
        if let actions = joinEarlier(id, terms, at: now) { return actions }
        switch admission(of: terms, at: now) {
        case .refused(let ending):
            counters.refused += 1
            if case .noTime = ending { counters.hopeless += 1 }
            return [.end(id, ending, attempts: 0)]
        case .admitted(let displaced, let delay):
            let actions = displaced.flatMap { refuseWork($0, .queueFull(retryAfter: delay), at: now) }
            take(id, terms, at: now)
            return actions + assign(at: now)
        }
    }

    private mutating func take(_ id: CallID, _ terms: CallTerms, at now: Duration) {
        let work = Work(terms: terms, arrival: now, price: price(terms), calls: [])
        works[id] = work
        loads.add(terms.load, of: terms.account)
        line.insert(work.place(id))
        if let key = terms.key { openKeys[key] = id }
        attach(id, to: id, terms, at: now)
    }

    private mutating func attach(_ id: CallID, to work: CallID, _ terms: CallTerms, at now: Duration) {
        counters.accepted += 1
        calls[id] = Call(work: work, client: terms.client, arrival: now, deadline: terms.deadline)
        works[work]!.calls.append(id)
        deadlines.insert(id, at: terms.deadline)
    }

    /// A call that comes again under its key shares the work of the first, or its answer.
    private mutating func joinEarlier(_ id: CallID, _ terms: CallTerms, at now: Duration) -> [SchedulerAction]? {
        guard let key = terms.key else { return nil }
        if let first = openKeys[key], let work = works[first] {
            guard work.terms.fingerprint == terms.fingerprint else { return refuse(id, .keyReused) }
            guard work.calls.count < configuration.joinedCalls else {
                return refuse(id, .queueFull(retryAfter: drainTime(with: work.price)))
            }
            counters.joined += 1
            attach(id, to: first, terms, at: now)
            return []
        }
        guard let (call, fingerprint) = answers.answer(to: key) else { return nil }
        guard fingerprint == terms.fingerprint else { return refuse(id, .keyReused) }
        counters.accepted += 1
        counters.finished += 1
        counters.answeredAgain += 1
        return [.answerAgain(id, with: call)]
    }

    private mutating func refuse(_ id: CallID, _ ending: CallEnding) -> [SchedulerAction] {
        counters.refused += 1
        return [.end(id, ending, attempts: 0)]
    }

    /// A caller gave up; nothing happens for a call that is done or unknown.
    public mutating func callCancelled(_ id: CallID, at now: Duration) -> [SchedulerAction] {
        guard calls[id] != nil else { return [] }
        counters.cancelled += 1
        return end(id, .cancelled, at: now) + assign(at: now)
    }

    /// A caller's connection is gone.
    public mutating func clientGone(_ client: ClientID, at now: Duration) -> [SchedulerAction] {
        let theirs = calls.filter { $0.value.client == client }.keys.sorted()
        counters.cancelled += theirs.count
        return theirs.flatMap { end($0, .abandoned, at: now) } + assign(at: now)
    }

    /// Nothing new is taken; what is here is finished.
    public mutating func drain() {
        isDraining = true
    }

    /// Whether nothing is left to do.
    public var isIdle: Bool { calls.isEmpty }
}
