// SPDX-License-Identifier: MIT
import Logging
import Messaging
import Wire

/// The worker's side of its dialogue: feeds the session with what happens and does what it says. Owned by one thread.
struct WorkerDialogue: ~Copyable {
    private var link: BrokerLink
    private var session: WorkerSession
    private let line: JobLine
    private let facts: EngineFacts
    private let drainGrace: Duration
    private let logger: Logger
    /// When running jobs are stopped and handed back, and when they are left behind, once the worker is stopping.
    private var patience: [ContinuousClock.Instant] = []
    private var ending: Ending?
    private var refusal: ConnectionMonitor.Refusal?

    private enum Ending {
        case stopped
        case dismissed(RPCStatus)
        /// The engine does not come back from a job that the broker took away.
        case engineHangs
    }

    /// How long a cancelled job may take to end.
    static let lastGrace: Duration = .seconds(2)
    /// Messages read before time is looked at again.
    private static let burst = 64

    init(_ configuration: WorkerConfiguration, facts: EngineFacts, line: JobLine, logger: Logger) throws(MessagingError)
    {
        link = try BrokerLink(Context(), try configuration.checkedEndpoint(), configuration)
        session = WorkerSession(
            hello: WorkerHello(configuration, facts), helloInterval: configuration.helloInterval,
            hangLimit: configuration.hangLimit, at: .now)
        drainGrace = configuration.drainGrace
        self.facts = facts
        self.line = line
        self.logger = logger
    }

    /// Until the worker is stopped; returns why when it did not stop by itself.
    mutating func run(
        _ mailbox: Mailbox<WorkerLoop.Mail>, publish: (WorkerSession.Counters) -> Void
    ) throws(MessagingError) -> WorkerError? {
        while ending == nil {
            for mail in mailbox.takeAll() { try take(mail) }
            try receive()
            noteConnection()
            try perform(session.timePassed(at: .now, progress: facts.progress()))
            try losePatience()
            try link.flush()
            publish(session.counters)
            guard ending == nil else { break }
            let deadlines = [session.nextDeadline, patience.first].compactMap(\.self)
            try link.wait(mail: mailbox.pollItem, until: deadlines.min())
        }
        return switch ending {
        case .dismissed(let status): .dismissed(status)
        case .engineHangs: .dismissed(RPCStatus(.internal, "the engine hangs in a job and does not come back"))
        case .stopped, nil: nil
        }
    }

    private mutating func take(_ mail: WorkerLoop.Mail) throws(MessagingError) {
        switch mail {
        case .engine(.started(let dispatch)): try perform(session.started(dispatch))
        case .engine(.finished(let result)): try perform(session.finished(result))
        case .engine(.ready), .engine(.failed): break
        case .stop:
            guard patience.isEmpty else { return }
            logger.info("stopping: finishing the running jobs, taking no more")
            let now = ContinuousClock.now
            patience = [now + drainGrace, now + drainGrace + Self.lastGrace]
            try perform(session.drain())
        }
    }

    /// Says once why there is no connection, where the broker said it.
    private mutating func noteConnection() {
        for event in link.connectionEvents() {
            switch event {
            case .connected: refusal = nil
            case .disconnected: break
            case .refused(let reason):
                if reason != refusal { logger.warning("no connection: \(reason.words)") }
                refusal = reason
            }
        }
    }

    private mutating func receive() throws(MessagingError) {
        for _ in 0..<Self.burst {
            switch try link.receive() {
            case .success(let order): try perform(session.received(order, at: .now))
            case .failure(let error):
                logger.warning("dropped a message of the broker: \(error)")
                try perform(session.receivedGarbage(error))
            case nil: return
            }
        }
    }

    /// First the running jobs are stopped, then they are left behind.
    private mutating func losePatience() throws(MessagingError) {
        guard let deadline = patience.first, .now >= deadline else { return }
        patience.removeFirst()
        if patience.isEmpty {
            logger.warning("the engine did not end its job; leaving without it")
            try link.send(.bye(RPCStatus(.unavailable, "the engine did not end its job")))
            ending = .stopped
        } else {
            try perform(session.giveUpRunning())
        }
    }

    private mutating func perform(_ actions: [WorkerSession.Action]) throws(MessagingError) {
        for action in actions {
            switch action {
            case .send(let message): try link.send(message)
            case .start(let job): line.append(job, at: .now)
            case .cancel(let dispatch): line.cancel(dispatch)
            case .handBack(let dispatches): try perform(session.handedBack(dispatches.filter(line.withdraw)))
            case .reconnect:
                logger.warning("the broker went silent; connecting again")
                try link.reconnect()
            case .finish(nil): ending = .stopped
            case .finish(let status?): ending = .dismissed(status)
            case .giveUp: ending = .engineHangs
            }
        }
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
        }
    }
}
