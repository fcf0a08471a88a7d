// SPDX-License-Identifier: MIT
import Logging
import Messaging
import Observability
import Wire

/// The worker's side of its dialogues: feeds the session at each broker with what happens and does what it says. Owned by
/// one thread.
struct WorkerDialogue: ~Copyable {
    private let seats: [BrokerSeat]
    /// Whose jobs the engine has. Brokers make their own names for calls; two never make the same.
    private var owners: [Dispatch: Int] = [:]
    private let line: JobLine
    private let facts: EngineFacts
    private let figures: WorkerFigures
    private let configuration: WorkerConfiguration
    private let credits: Int
    private let drainGrace: Duration
    private let logger: Logger
    private var pulse = EnginePulse()
    /// When running jobs are stopped and handed back, and when they are left behind, once the worker is stopping.
    private var patience: [ContinuousClock.Instant] = []

    /// How long a cancelled job may take to end.
    static let lastGrace: Duration = .seconds(2)
    /// Messages read before time is looked at again.
    private static let burst = 64

    init(
        _ configuration: WorkerConfiguration, facts: EngineFacts, figures: WorkerFigures, line: JobLine, logger: Logger
    ) throws(MessagingError) {
        let context = Context()
        seats = try configuration.checkedEndpoints().map { endpoint throws(MessagingError) in
            try BrokerSeat(context, endpoint, configuration, facts)
        }
        credits = Int(configuration.credits)
        drainGrace = configuration.drainGrace
        self.facts = facts
        self.figures = figures
        self.configuration = configuration
        self.line = line
        self.logger = logger
    }

    /// Until the worker is stopped; returns why when it did not stop by itself.
    mutating func run(
        _ mailbox: Mailbox<WorkerLoop.Mail>, alive: () -> Void, publish: (WorkerSession.Counters) -> Void
    ) throws(MessagingError) -> WorkerError? {
        while !isOver {
            for mail in mailbox.takeAll() { try take(mail) }
            for (index, seat) in seats.enumerated() where !seat.isOver {
                try receive(index)
                noteConnection(seat)
                try seat.link.reopenIfDue()
                try perform(seat.session.timePassed(at: .now, progress: facts.progress()), index)
            }
            try losePatience()
            try shareRoom()
            for seat in seats { try seat.link.flush() }
            let isBusy = seats.contains { $0.session.isEngineBusy }
            if pulse.isAlive(progress: facts.progress(), isBusy: isBusy, at: .now) { alive() }
            publish(seats.reduce(into: WorkerSession.Counters()) { $0 += $1.session.counters })
            guard !isOver else { break }
            try wait(mailbox.pollItem)
        }
        return failure
    }

    /// A hanging engine ends the worker; otherwise it goes on for as long as a broker wants it.
    private var isOver: Bool {
        seats.allSatisfy(\.isOver) || seats.contains { if case .engineHangs = $0.ending { true } else { false } }
    }

    private var failure: WorkerError? {
        var dismissal: WorkerError?
        for seat in seats {
            switch seat.ending {
            case .engineHangs:
                return .dismissed(RPCStatus(.internal, "the engine hangs in a job and does not come back"))
            case .dismissed(let status): dismissal = .dismissed(status)
            case .stopped, nil: break
            }
        }
        // Who was stopped has done what was asked, whatever a broker had said before.
        return patience.isEmpty && !hasLostPatience ? dismissal : nil
    }

    private var hasLostPatience = false

    private func wait(_ mail: PollItem) throws(MessagingError) {
        let live = seats.filter { !$0.isOver }
        let deadlines = live.flatMap { [$0.session.nextDeadline, $0.link.reopensAt] } + [patience.first]
        let pauses = live.compactMap { $0.link.retryPause } + deadlines.compactMap(\.self).map { max(.zero, $0 - .now) }
        _ = try Poller.wait(live.flatMap { $0.link.pollItems } + [mail], timeout: pauses.min())
    }

    private mutating func take(_ mail: WorkerLoop.Mail) throws(MessagingError) {
        switch mail {
        case .engine(.started(let dispatch)):
            guard let index = owners[dispatch] else { return line.cancel(dispatch) }
            try perform(seats[index].session.started(dispatch), index)
        case .engine(.partial(let partial)):
            guard let index = owners[partial.dispatch] else { return }
            try perform(seats[index].session.found(partial), index)
        case .engine(.finished(let result)):
            logger.debug(
                "job ended",
                metadata: [
                    "call": "\(result.dispatch.call)", "attempt": "\(result.dispatch.attempt)",
                    "code": "\(result.status.code.name)",
                ])
            guard let index = owners.removeValue(forKey: result.dispatch) else { return }
            try perform(seats[index].session.finished(result), index)
        case .engine(.ready), .engine(.failed): break
        case .report(let question): report(question)
        case .stop:
            guard patience.isEmpty, !hasLostPatience else { return }
            logger.info("stopping: finishing the running jobs, taking no more")
            let now = ContinuousClock.now
            patience = [now + drainGrace, now + drainGrace + Self.lastGrace]
            for (index, seat) in seats.enumerated() where !seat.isOver { try perform(seat.session.drain(), index) }
        }
    }

    private func report(_ question: ServiceQuestion) {
        let brokers = seats.reduce(into: [:]) { $0[$1.standing, default: 0] += 1 }
        question.answer(
            figures.report(question, isReady: brokers["joined", default: 0] > 0, brokers, configuration))
    }

    private mutating func receive(_ index: Int) throws(MessagingError) {
        let seat = seats[index]
        for _ in 0..<Self.burst where !seat.isOver {
            switch try seat.link.receive() {
            case .success(.job(let job)) where seats.count > 1 && occupied >= credits:
                let offer = offers[index]
                try perform(seat.session.declined(job, credits: UInt32(offer), at: .now), index)
            case .success(let order): try perform(seat.session.received(order, at: .now), index)
            case .failure(let error):
                logger.warning("dropped a message of the broker: \(error)")
                try perform(seat.session.receivedGarbage(error), index)
            case nil: return
            }
        }
    }

    // MARK: - The room that the brokers share

    private var occupied: Int { seats.reduce(0) { $0 + $1.session.occupied } }

    private var offers: [Int] { SharedRoom.offers(credits: credits, occupied: seats.map(\.session.occupied)) }

    private mutating func shareRoom() throws(MessagingError) {
        guard seats.count > 1 else { return }
        for (index, offer) in offers.enumerated() where !seats[index].isOver {
            try perform(seats[index].session.offer(UInt32(offer)), index)
        }
    }

    /// Says once why there is no connection, where the broker said it.
    private func noteConnection(_ seat: BrokerSeat) {
        for event in seat.link.connectionEvents() {
            switch event {
            case .connected: seat.refusal = nil
            case .disconnected, .refused(.silent): break
            case .refused(let reason):
                if reason != seat.refusal {
                    logger.warning("no connection: \(reason.words)", metadata: ["broker": "\(seat.endpoint)"])
                }
                seat.refusal = reason
            }
        }
    }

    /// First the running jobs are stopped, then they are left behind.
    private mutating func losePatience() throws(MessagingError) {
        guard let deadline = patience.first, .now >= deadline else { return }
        patience.removeFirst()
        hasLostPatience = true
        for (index, seat) in seats.enumerated() where !seat.isOver {
            guard patience.isEmpty else {
                try perform(seat.session.giveUpRunning(), index)
                continue
            }
            logger.warning("the engine did not end its job; leaving without it")
            try seat.link.send(.bye(RPCStatus(.unavailable, "the engine did not end its job")))
            seat.ending = .stopped
        }
    }

    private mutating func perform(_ actions: [WorkerSession.Action], _ index: Int) throws(MessagingError) {
        let seat = seats[index]
        for action in actions {
            switch action {
            case .send(let message): try seat.link.send(message)
            case .start(let job):
                owners[job.dispatch] = index
                line.append(job, at: .now)
            case .cancel(let dispatch): cancel(dispatch)
            case .handBack(let dispatches):
                let withdrawn = dispatches.filter(line.withdraw)
                for dispatch in withdrawn { owners[dispatch] = nil }
                try perform(seat.session.handedBack(withdrawn), index)
            case .reconnect:
                logger.warning("the broker went silent; connecting again", metadata: ["broker": "\(seat.endpoint)"])
                try seat.link.reconnect()
            case .finish(nil): seat.ending = .stopped
            case .finish(let status?):
                if seats.count > 1 { logger.warning("sent away: \(status)", metadata: ["broker": "\(seat.endpoint)"]) }
                seat.ending = .dismissed(status)
            case .giveUp: seat.ending = .engineHangs
            }
        }
    }

    /// One that waits is never reported; one that runs is, and belongs to its session until then.
    private mutating func cancel(_ dispatch: Dispatch) {
        if line.withdraw(dispatch) {
            owners[dispatch] = nil
        } else {
            line.cancel(dispatch)
        }
    }
}

extension WorkerSession.Counters {
    static func += (sum: inout Self, other: Self) {
        sum.violations += other.violations
        sum.lateResults += other.lateResults
        sum.sessions += other.sessions
    }
}

extension WorkerHello {
    init(_ configuration: WorkerConfiguration, _ facts: EngineFacts) {
        self.init(
            instance: configuration.instance, name: configuration.name, pid: configuration.pid,
            version: configuration.version, model: facts.model, credits: configuration.credits,
            imageLimits: facts.imageLimits)
    }
}

extension ConnectionMonitor.Refusal {
    var words: String {
        switch self {
        case .key: "the broker does not let this worker's key in"
        case .mechanism: "the broker and this worker do not agree on whether to use keys"
        case .silent: "the broker closes the connection before it says a word"
        }
    }
}
