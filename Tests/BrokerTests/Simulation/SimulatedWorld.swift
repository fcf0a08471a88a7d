// SPDX-License-Identifier: MIT

import Broker

/// Clients, workers and the network between them and a scheduler, under one seed. Whatever the scheduler says goes past a
/// checker.
///
/// `+Clients`, `+Broker` and `+Workers` are its inhabitants.
final class SimulatedWorld {
    enum Event {
        // At the broker.
        case request(Request)
        case cancel(ClientID, request: Int)
        case vanish(ClientID)
        case hello(worker: Int, life: Int)
        case message(WorkerMessage, from: WorkerID)
        case operatorActs(worker: Int)
        case wake
        case standstill(Duration)
        // Elsewhere.
        case clientActs(Int)
        case order(WorkerOrder, to: Int, session: WorkerID)
        case workerActs(Int, life: Int, WorkerAct)

        var isAtBroker: Bool {
            switch self {
            case .request, .cancel, .vanish, .hello, .message, .operatorActs, .wake: true
            case .standstill, .clientActs, .order, .workerActs: false
            }
        }
    }

    struct Request {
        let number: Int
        let payload: Int
        let terms: CallTerms
    }

    enum WorkerMessage {
        case started(Attempt)
        case result(Attempt, payload: Int, isKeepable: Bool)
        case beat(progress: Double, isBusy: Bool)
        case drain([Attempt])
        case bye
        /// The connection is gone.
        case unreachable
    }

    enum WorkerOrder {
        case welcome
        case job(Attempt, payload: Int)
        case cancel(Attempt)
        case bye
    }

    enum WorkerAct {
        case beat
        case finish(Attempt)
        case crash, greet, drain
    }

    let plan: SimulationPlan
    var random: SeededRandom
    var now: Duration = .zero
    var scheduler: Scheduler
    var checker: SimulationChecker
    var timeline = Timeline<Event>()
    var history: [String]?

    // The broker's own books, as its loop has them.
    var nextNumber: UInt64 = 1
    var payloads: [CallID: Int] = [:]
    var keptAnswers: [CallID: Int] = [:]
    var openRequests: [ClientID: [Int: CallID]] = [:]
    var requests: [CallID: Request] = [:]
    var sessions: [WorkerID: Int] = [:]
    /// Workers' processes that an operator drained, by the life of each.
    var drained: [Int: Int] = [:]
    var planned: Duration?
    /// The broker stands still until then.
    var frozenUntil: Duration = .zero
    var frozenSince: Duration?
    var isReadingLate = false

    var clients: [SimulatedClient] = []
    var workers: [SimulatedWorker] = []
    var nextRequest = 1
    /// Who asked first for each payload.
    var owners: [Int: Int] = [:]
    /// By client: how much work was done within the world's length, and how long each took from its arrival.
    var done: [Int: Int] = [:]
    var waits: [Int: [Duration]] = [:]
    var workSince: [CallID: Duration] = [:]
    /// Nothing new comes after that.
    var isOver: Bool { now >= plan.length }

    init(seed: UInt64, plan: SimulationPlan? = nil, recording: Bool = false) {
        var random = SeededRandom(seed: seed)
        self.plan = plan ?? SimulationPlan(&random)
        self.random = random
        scheduler = Scheduler(self.plan.terms, now: .zero)
        checker = SimulationChecker(self.plan.terms)
        history = recording ? [] : nil
    }

    /// Runs to the end, when everything has ended.
    func run() throws(Violation) {
        populate()
        while let (time, event) = timeline.takeFirst() {
            now = max(now, time)
            if event.isAtBroker, now < frozenUntil {
                timeline.add(event, at: frozenUntil)
            } else {
                try happen(event)
            }
            if isOver, checker.open.isEmpty { break }
        }
        try finishUp()
    }

    private func happen(_ event: Event) throws(Violation) {
        if case .wake = event, planned != now { return }
        if history != nil { note("\(event)") }
        switch event {
        case .clientActs(let index): act(client: index)
        case .order(let order, let index, let session): obey(order, index, session)
        case .workerActs(let index, let life, let act): self.act(worker: index, life: life, act)
        case .standstill(let gap): freeze(gap)
        default: try atBroker(event)
        }
    }

    /// The broker's last wakes: kept answers expire, and nothing may be left.
    private func finishUp() throws(Violation) {
        scheduler.drain()
        now = max(now, frozenUntil) + .seconds(600)
        try perform(scheduler.timePassed(at: now))
        let isIdle = scheduler.isIdle
        if !isIdle { throw Violation("the scheduler is not idle") }
        try checker.checkMemory(scheduler, at: now)
        try checker.checkEnd(scheduler.counters, isCalm: plan.isCalm)
    }

    func note(_ words: @autoclosure () -> String) {
        guard history != nil else { return }
        history!.append("\(now.components.seconds).\(milliseconds) \(Self.short(words()))")
    }

    /// Without the modules and types that Swift writes before the names of cases.
    private static func short(_ words: String) -> String {
        words.replacing(/\b(?:[A-Z]\w*|simulate|BrokerTests)\.(?=[A-Za-z])/, with: "")
    }

    private var milliseconds: String {
        let digits = String(now.components.attoseconds / 1_000_000_000_000_000)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// Sends a message through the network: it comes late, and now and then never or twice.
    func transmit(_ event: Event) {
        if random.happens(plan.dropped) { return note("lost: \(event)") }
        let copies = random.happens(plan.repeated) ? 2 : 1
        for _ in 0..<copies { timeline.add(event, at: now + random.milliseconds(plan.networkDelay)) }
    }

    private func freeze(_ gap: Duration) {
        frozenSince = frozenSince ?? now
        frozenUntil = max(frozenUntil, now + gap)
        timeline.add(.wake, at: frozenUntil)
        planned = frozenUntil
    }
}
