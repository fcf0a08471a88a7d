// SPDX-License-Identifier: MIT

internal import Logging
internal import Messaging
internal import Wire

/// The thread of a broker: it owns both sockets, turns frames into the scheduler's events, and does what the scheduler
/// says. Everything that is decided about calls and workers is decided there.
///
/// Its parts: `+Clients` is the front, `+Workers` the back, `+Orders` what the scheduler says, `+Answers`, `+Quarantine`
/// and `+Drains` what the broker answers itself.
final class BrokerLoop {
    let frontListener: Listener
    let backListener: Listener
    let gate: Gate
    let orders: Mailbox<BrokerOrders>
    let configuration: BrokerConfiguration
    let logger: Logger
    let started = ContinuousClock.now
    /// Told apart from every earlier broker's calls and workers.
    let epoch = String(UInt32.random(in: .min ... .max), radix: 36)
    /// What the wire's names of its calls begin with.
    lazy var callPrefix = epoch + "-"

    var scheduler: Scheduler
    var calls: [CallID: OpenCall] = [:]
    /// By the call that each began with.
    var works: [CallID: OpenWork] = [:]
    /// Answers that the scheduler wants kept, for calls that come again under their key.
    var keptAnswers: [CallID: CallResponse] = [:]
    var quarantine = Quarantine()
    var callsByClient: [ClientID: [String: CallID]] = [:]
    var watchers: [Watcher] = []
    var workers: [WorkerID: WorkerRecord] = [:]
    var workersByRouting: [[UInt8]: WorkerID] = [:]
    var drainedInstances = DrainedInstances()
    var nextNumber: UInt64 = 1
    var counters = LoopCounters()
    var metrics = BrokerMetrics()
    var tracing: BrokerTracing
    var nextBeat: Duration = .zero
    var drainDeadline: Duration?
    var isStopped = false
    var standstill: Standstill
    /// Whether the back was read to its end in this turn.
    var hasHeardWorkers = true
    var outboxes: Outboxes
    var outboxRetry = SendRetry()
    /// Durable jobs; `nil` where the broker has no journal.
    var jobs: JobService?
    var connections = ClientConnections()
    /// Peers that a message could not reach, or whose connection is gone; `takeOutUnreachable` tells the scheduler.
    var goneClients: Set<ClientID> = []
    var lostWorkers: Set<WorkerID> = []
    /// Most calls of Health.Watch at a time, of all clients and of one.
    static let watchLimit = 1024
    static let clientWatchLimit = 16

    init(
        _ configuration: BrokerConfiguration, front: consuming Listener, back: consuming Listener, gate: Gate,
        orders: Mailbox<BrokerOrders>, journal: JournalKeeper?, logger: Logger
    ) {
        frontListener = front
        backListener = back
        self.gate = gate
        self.orders = orders
        self.configuration = configuration
        self.logger = logger
        scheduler = Scheduler(configuration.scheduler, now: .zero)
        tracing = BrokerTracing(configuration.spans)
        standstill = Standstill(tolerance: configuration.scheduler.beatPause, now: .zero)
        jobs = journal.map { JobService($0) }
        outboxes = Outboxes(
            Outboxes.Limits(messages: configuration.clientOutboxMessages, bytes: configuration.clientOutboxBytes))
    }

    var now: Duration { started.duration(to: .now) }

    func run() {
        logger.info("listening", metadata: ["front": "\(frontListener.address)", "back": "\(backListener.address)"])
        while !isStopped {
            do throws(MessagingError) {
                let pause = wait
                standstill.plan(now + pause)
                let readable = try Poller.wait(
                    [frontListener.socket.pollItem, backListener.socket.pollItem, orders.pollItem], timeout: pause)
                if readable[2] { obey() }
                hasHeardWorkers = !readable[1]
                if readable[1] { hasHeardWorkers = try drainBack() }
                if readable[0] { try drainFront() }
            } catch {
                logger.error("socket", metadata: ["error": "\(error)"])
            }
            passTime()
        }
        farewell()
    }

    /// How long nothing needs to be looked at.
    var wait: Duration {
        var wake = min(nextBeat, scheduler.nextWake ?? nextBeat, drainDeadline ?? nextBeat)
        for watcher in watchers { wake = min(wake, watcher.deadline, watcher.repeatAt) }
        if let jobs, let next = jobs.wakes(after: now).min() { wake = min(wake, next) }
        let quiet = max(.zero, wake - now)
        return outboxes.isEmpty ? quiet : min(quiet, outboxRetry.pause)
    }

    func passTime() {
        let gap = standstill.passed(at: now)
        if gap > .zero {
            logger.warning("the broker stood still", metadata: ["seconds": "\(gap.inSeconds)"])
            scheduler.stoodStill(for: gap, at: now)
        }
        perform(scheduler.timePassed(at: now, hasHeardAll: hasHeardWorkers))
        if now >= nextBeat {
            nextBeat = now + configuration.scheduler.beatPause
            for worker in workers.values { tell(worker, .beat) }
            goneClients.formUnion(connections.look(Connection.number))
            configuration.heartbeat()
        }
        flushOutboxes()
        takeOutUnreachable()
        for watcher in watchers where watcher.deadline <= now {
            answer(watcher.peer, watcher.request, RPCStatus(.deadlineExceeded, "the time of the watch is over"))
        }
        watchers.removeAll { [now] in $0.deadline <= now }
        notifyWatchers()
        tendJobs()
        if let drainDeadline, scheduler.isIdle || now >= drainDeadline { isStopped = true }
    }

    /// Ends the calls of clients and the sessions of workers that are gone.
    ///
    /// Not where the sending fails: that may be between two of the scheduler's orders, and a call that ended there
    /// would be ordered to a worker that then never hears of it, and would hold that worker's credit for ever.
    func takeOutUnreachable() {
        while !goneClients.isEmpty || !lostWorkers.isEmpty {
            if let client = goneClients.popFirst() {
                watchers.removeAll { $0.peer.client == client }
                jobs?.forget(client)
                perform(scheduler.clientGone(client, at: now))
            }
            if let worker = lostWorkers.popFirst(), let record = removeWorker(worker) {
                logger.warning("worker unreachable", metadata: ["worker": "\(worker)", "name": "\(record.hello.name)"])
                perform(scheduler.workerLeft(worker, .unreachable, at: now))
            }
        }
    }

    func obey() {
        for order in orders.takeAll() {
            switch order {
            case .stop:
                isStopped = true
            case .drain(let until):
                logger.info("draining", metadata: ["open_calls": "\(calls.count)"])
                drainDeadline = started.duration(to: until)
                scheduler.drain()
            case .report(let question): report(question)
            case .journal(let news):
                hear(news)
            }
        }
    }

    /// Answers what is still open or unread, and sends the workers away to look for another broker.
    func farewell() {
        drainDeadline = drainDeadline ?? now
        scheduler.drain()
        hearLast()
        for id in calls.keys.sorted() {
            finish(id, RPCStatus(.unavailable, "the broker is stopping", reason: .draining))
        }
        for watcher in watchers {
            answer(watcher.peer, watcher.request, RPCStatus(.unavailable, "the broker is stopping"))
        }
        for worker in workers.values { tell(worker, .bye(RPCStatus(.unavailable, "the broker is stopping"))) }
        closeJournal()
        let end = now + Self.farewellLimit
        while !outboxes.isEmpty, now < end {
            flushOutboxes()
            Poller.sleep(outboxRetry.pause)
        }
        logger.info("stopped")
    }

    /// Reads what clients had sent before they could know: each REQUEST among it is refused, and not left without a word.
    func hearLast() {
        let end = now + Self.farewellLimit
        do throws(MessagingError) {
            while now < end, try Poller.wait([frontListener.socket.pollItem], timeout: Self.lastWords)[0] {
                try drainFront()
                flushOutboxes()
            }
        } catch {
            logger.error("socket", metadata: ["error": "\(error)"])
        }
    }

    /// How long reading the last requests may take, and sending the last answers.
    static let farewellLimit: Duration = .seconds(2)
    /// A front that is quiet for so long has nothing more to read; the socket needs a moment to take the next messages
    /// from a connection that it had to hold up.
    static let lastWords: Duration = .milliseconds(50)
}
