// SPDX-License-Identifier: MIT

internal import Logging
internal import Messaging
import SwiftProtobuf
internal import Wire

/// The thread of a broker: it owns both sockets, turns frames into the scheduler's events, and does what the scheduler
/// says. Everything that is decided about calls and workers is decided there.
final class BrokerLoop {
    private let frontListener: Listener
    private let backListener: Listener
    private let orders: Mailbox<BrokerOrders>
    private let configuration: BrokerConfiguration
    private let logger: Logger
    private let started = ContinuousClock.now
    /// Told apart from every earlier broker's calls and workers.
    private let epoch = String(UInt32.random(in: .min ... .max), radix: 36)

    private var scheduler: Scheduler
    private var calls: [CallID: OpenCall] = [:]
    private var callsByClient: [ClientID: [String: CallID]] = [:]
    private var watchers: [Watcher] = []
    private var workers: [WorkerID: WorkerRecord] = [:]
    private var workersByRouting: [[UInt8]: WorkerID] = [:]
    private var nextNumber: UInt64 = 1
    private var counters = LoopCounters()
    private var nextBeat: Duration = .zero
    private var drainDeadline: Duration?
    private var isStopped = false
    /// Peers that a message could not reach; `takeOutUnreachable` tells the scheduler.
    private var goneClients: Set<ClientID> = []
    private var lostWorkers: Set<WorkerID> = []
    /// Most calls of Health.Watch at a time.
    static let watchLimit = 1024

    /// A socket that listens, and where.
    struct Listener: ~Copyable {
        let socket: Socket
        let address: Endpoint

        /// How long the last answers may take to leave; long enough for a machine that is busy with other things.
        private static let linger: Int32 = 5000

        init(_ endpoint: Endpoint, _ configuration: BrokerConfiguration, _ context: Context) throws(MessagingError) {
            let socket = try Socket(
                context, .router,
                SocketOptions(
                    lingerMilliseconds: Self.linger, maxFrameBytes: WireLimits.frameBytes,
                    sendHighWater: configuration.peerHighWater, receiveHighWater: configuration.peerHighWater))
            address = try socket.bind(endpoint)
            self.socket = socket
        }
    }

    init(
        _ configuration: BrokerConfiguration, front: consuming Listener, back: consuming Listener,
        orders: Mailbox<BrokerOrders>, logger: Logger
    ) {
        frontListener = front
        backListener = back
        self.orders = orders
        self.configuration = configuration
        self.logger = logger
        scheduler = Scheduler(configuration.scheduler, now: .zero)
    }

    private var now: Duration { started.duration(to: .now) }

    func run() {
        logger.info("listening", metadata: ["front": "\(frontListener.address)", "back": "\(backListener.address)"])
        while !isStopped {
            do throws(MessagingError) {
                let readable = try Poller.wait(
                    [frontListener.socket.pollItem, backListener.socket.pollItem, orders.pollItem], timeout: wait)
                if readable[2] { obey() }
                if readable[1] { try drainBack() }
                if readable[0] { try drainFront() }
            } catch {
                logger.error("socket", metadata: ["error": "\(error)"])
            }
            passTime()
        }
        farewell()
    }

    /// How long nothing needs to be looked at.
    private var wait: Duration {
        let wakes = [scheduler.nextWake, nextBeat, drainDeadline].compactMap { $0 } + watchers.map(\.deadline)
        return max(.zero, (wakes.min() ?? nextBeat) - now)
    }

    private func passTime() {
        perform(scheduler.timePassed(at: now))
        if now >= nextBeat {
            nextBeat = now + configuration.scheduler.beatInterval
            for worker in workers.values { tell(worker, .beat) }
        }
        takeOutUnreachable()
        for watcher in watchers where watcher.deadline <= now {
            answer(watcher.peer, watcher.request, RPCStatus(.deadlineExceeded, "the time of the watch is over"))
        }
        watchers.removeAll { [now] in $0.deadline <= now }
        notifyWatchers()
        if let drainDeadline, scheduler.isIdle || now >= drainDeadline { isStopped = true }
    }

    /// Ends the calls of clients and the sessions of workers that are gone.
    ///
    /// Not where the sending fails: that may be between two of the scheduler's orders, and a call that ended there
    /// would be ordered to a worker that then never hears of it, and would hold that worker's credit for ever.
    private func takeOutUnreachable() {
        while !goneClients.isEmpty || !lostWorkers.isEmpty {
            if let client = goneClients.popFirst() { perform(scheduler.clientGone(client)) }
            if let worker = lostWorkers.popFirst(), let record = removeWorker(worker) {
                logger.warning("worker unreachable", metadata: ["worker": "\(worker)", "name": "\(record.hello.name)"])
                perform(scheduler.workerLeft(worker, .left, at: now))
            }
        }
    }

    private func obey() {
        for order in orders.takeAll() {
            switch order {
            case .stop:
                isStopped = true
            case .drain(let until):
                logger.info("draining", metadata: ["open_calls": "\(calls.count)"])
                drainDeadline = started.duration(to: until)
                perform(scheduler.drain())
            }
        }
    }

    /// Answers what is still open, and sends the workers away to look for another broker.
    private func farewell() {
        for (id, _) in calls { finish(id, RPCStatus(.unavailable, "the broker is stopping", reason: .draining)) }
        for watcher in watchers {
            answer(watcher.peer, watcher.request, RPCStatus(.unavailable, "the broker is stopping"))
        }
        for worker in workers.values { tell(worker, .bye(RPCStatus(.unavailable, "the broker is stopping"))) }
        logger.info("stopped")
    }

    // MARK: - The scheduler's orders

    private func perform(_ actions: [SchedulerAction]) {
        for action in actions {
            switch action {
            case .dispatch(let attempt, let worker): dispatch(attempt, to: worker)
            case .cancel(let attempt, let worker):
                if let record = workers[worker] { tell(record, .cancel(wire(attempt), reason: "the call is over")) }
            case .end(let id, let ending, let attempts):
                guard let status = ending.status else {
                    forget(id)
                    continue
                }
                finish(id, status, attempts: attempts)
            case .expel(let worker, let loss): expel(worker, loss)
            case .drain(let worker):
                if let record = workers[worker] { tell(record, .drain) }
            }
        }
    }

    private func dispatch(_ attempt: Attempt, to worker: WorkerID) {
        guard let call = calls[attempt.call], let record = workers[worker] else { return }
        let job = Job(
            dispatch: wire(attempt), id: call.request.id, method: call.request.method,
            remainingMilliseconds: (scheduler.remaining(of: attempt.call, at: now) ?? .zero).milliseconds,
            queueMilliseconds: (now - call.arrival).milliseconds, resultEncoding: call.request.encoding,
            metadata: call.request.metadata, traceparent: call.request.traceparent, body: call.request.body,
            image: call.request.image)
        logger.debug("dispatch", metadata: ["call": "\(job.dispatch)", "worker": "\(worker)"])
        tell(record, .job(job))
    }

    private func expel(_ id: WorkerID, _ loss: WorkerLoss) {
        guard let record = removeWorker(id) else { return }
        logger.warning(
            "worker lost", metadata: ["worker": "\(id)", "name": "\(record.hello.name)", "why": "\(loss.rawValue)"])
        tell(record, .bye(RPCStatus(.unavailable, "taken for \(loss.rawValue)")))
    }

    private func wire(_ attempt: Attempt) -> Dispatch {
        Dispatch(call: "\(epoch)-\(attempt.call)", attempt: UInt32(attempt.number))
    }

    private func attempt(_ dispatch: Dispatch) -> Attempt? {
        let parts = dispatch.call.split(separator: "-")
        guard parts.count == 2, parts[0] == epoch, let number = UInt64(parts[1]) else { return nil }
        return Attempt(call: CallID(number), number: Int(dispatch.attempt))
    }

    // MARK: - Clients

    /// How many messages are taken from one socket before the other has its turn.
    private static let turn = 64

    private func drainFront() throws(MessagingError) {
        for _ in 0..<Self.turn {
            guard var frames = try frontListener.socket.receive() else { return }
            guard !frames.isEmpty else { continue }
            let routing = frames.removeFirst()
            let peer = Peer(routing: routing, isDelimited: Delimiter.take(from: &frames))
            do throws(FrameError) {
                hear(try ClientMessage(frames: frames), from: peer)
            } catch {
                counters.refusedFrames += 1
                if error.deservesAnswer { send(peer, .response(CallResponse(refusing: error)), error.encoding) }
            }
            takeOutUnreachable()
        }
    }

    private func hear(_ message: ClientMessage, from peer: Peer) {
        switch message {
        case .cancel(let id, _): cancel(id, from: peer)
        case .request(let request): hear(request, from: peer)
        }
    }

    private func cancel(_ id: String, from peer: Peer) {
        if let call = callsByClient[peer.client]?[id] {
            perform(scheduler.callCancelled(call))
        } else if let index = watchers.firstIndex(where: { $0.peer == peer && $0.request.id == id }) {
            let watcher = watchers.remove(at: index)
            answer(peer, watcher.request, RPCStatus(.cancelled, "the call was cancelled"))
        }
    }

    private func hear(_ request: CallRequest, from peer: Peer) {
        guard let method = Method(rawValue: request.method) else {
            counters.unknownMethods += 1
            answer(
                peer, request,
                RPCStatus(.unimplemented, "there is no method \(request.method)", reason: .unknownMethod))
            return
        }
        // A second request under an open id is a repetition: the first one's answer is the answer.
        guard !isOpen(request.id, peer) else {
            counters.repeated += 1
            return
        }
        guard method.task == nil else {
            accept(request, from: peer)
            return
        }
        do throws(RPCStatus) {
            try answerMyself(method, request, peer)
        } catch {
            answer(peer, request, error)
        }
    }

    private func isOpen(_ id: String, _ peer: Peer) -> Bool {
        callsByClient[peer.client]?[id] != nil || watchers.contains { $0.peer == peer && $0.request.id == id }
    }

    private func accept(_ request: CallRequest, from peer: Peer) {
        let id = CallID(nextNumber)
        nextNumber += 1
        let arrival = now
        calls[id] = OpenCall(peer: peer, request: request, arrival: arrival)
        callsByClient[peer.client, default: [:]][request.id] = id
        let size = request.body.count + (request.image?.count ?? 0) + WireLimits.headerBytes
        let deadline = arrival + .milliseconds(Int(request.effectiveTimeoutMilliseconds))
        perform(scheduler.callArrived(id, client: peer.client, bytes: size, deadline: deadline, at: arrival))
    }

    private func finish(_ id: CallID, _ status: RPCStatus, attempts: Int = 0, body: [UInt8] = []) {
        guard let call = forget(id) else { return }
        answer(call.peer, call.request, status, attempts: attempts, body: body)
    }

    @discardableResult
    private func forget(_ id: CallID) -> OpenCall? {
        guard let call = calls.removeValue(forKey: id) else { return nil }
        callsByClient[call.peer.client]?[call.request.id] = nil
        if callsByClient[call.peer.client]?.isEmpty == true { callsByClient[call.peer.client] = nil }
        return call
    }

    private func answer(
        _ peer: Peer, _ request: CallRequest, _ status: RPCStatus, attempts: Int = 0, body: [UInt8] = []
    ) {
        let response = CallResponse(id: request.id, status: status, attempts: UInt32(attempts), body: body)
        send(peer, .response(response), request.encoding)
    }

    /// A client that is gone, or does not read, loses its calls; nobody else waits for it.
    private func send(_ peer: Peer, _ reply: BrokerReply, _ encoding: WireEncoding) {
        do throws(MessagingError) {
            try frontListener.socket.send(peer.frames(reply.frames(encoding)))
        } catch {
            counters.undeliverable += 1
            watchers.removeAll { $0.peer == peer }
            if error.code == .unreachable { goneClients.insert(peer.client) }
        }
    }

    // MARK: - What the broker answers itself

    private func answerMyself(_ method: Method, _ request: CallRequest, _ peer: Peer) throws(RPCStatus) {
        let encoding = request.encoding
        switch method {
        case .healthCheck:
            let message = try WireEncoding.decodeRequest(ProtoHealthRequest.self, from: request.body)
            guard let status = health(of: message.service) else {
                throw RPCStatus(.notFound, "there is no service of that name")
            }
            answer(peer, request, .ok, body: encoding.encode(ProtoHealthResponse.with { $0.status = status }))
        case .healthWatch:
            let message = try WireEncoding.decodeRequest(ProtoHealthRequest.self, from: request.body)
            guard watchers.count < Self.watchLimit else {
                throw RPCStatus(
                    .resourceExhausted, "\(Self.watchLimit) watches are open, which is the most",
                    retryDelayMilliseconds: 1000, reason: .queueFull)
            }
            let deadline = now + .milliseconds(Int(request.effectiveTimeoutMilliseconds))
            watchers.append(Watcher(peer: peer, request: request, service: message.service, deadline: deadline))
            notifyWatchers()
        case .discovery:
            _ = try WireEncoding.decodeRequest(ProtoDiscoveryRequest.self, from: request.body)
            answer(peer, request, .ok, body: encoding.encode(discovery))
        case .adminStatus:
            _ = try WireEncoding.decodeRequest(ProtoAdminStatusRequest.self, from: request.body)
            answer(peer, request, .ok, body: encoding.encode(status))
        default:
            throw RPCStatus(.unimplemented, "there is no method \(request.method)", reason: .unknownMethod)
        }
    }

    private func health(of service: String) -> ProtoHealthResponse.ServingStatus? {
        switch service {
        case "": drainDeadline == nil ? .serving : .notServing
        case Method.groundingService: scheduler.isServing ? .serving : .notServing
        default: nil
        }
    }

    /// Tells each watcher whose service changed.
    private func notifyWatchers() {
        for index in watchers.indices.reversed() where index < watchers.count {
            let status = health(of: watchers[index].service) ?? .serviceUnknown
            guard watchers[index].last != status else { continue }
            watchers[index].last = status
            let watcher = watchers[index]
            watchers[index].sequence += 1
            let body = watcher.request.encoding.encode(ProtoHealthResponse.with { $0.status = status })
            send(
                watcher.peer, .event(CallEvent(id: watcher.request.id, sequence: watcher.sequence, body: body)),
                watcher.request.encoding)
        }
    }

    private var discovery: ProtoDiscoveryResponse {
        .describing(version: configuration.version, models: workers.values.map(\.hello.model))
    }

    private var status: ProtoAdminStatusResponse {
        let now = now
        var response = ProtoAdminStatusResponse()
        response.version = configuration.version
        response.uptimeS = now.inSeconds
        response.draining = drainDeadline != nil
        for id in workers.keys.sorted(by: { $0.number < $1.number }) {
            guard let record = workers[id], let snapshot = scheduler.workerSnapshot(id, at: now) else { continue }
            response.workers.append(.describing(record, snapshot))
        }
        response.queue = .describing(scheduler.queueSnapshot(at: now), configuration.scheduler)
        response.counters = scheduler.counters.named.merging(counters.named) { first, _ in first }
        return response
    }

    // MARK: - Workers

    private func drainBack() throws(MessagingError) {
        for _ in 0..<Self.turn {
            guard var frames = try backListener.socket.receive() else { return }
            guard !frames.isEmpty else { continue }
            let routing = frames.removeFirst()
            do throws(FrameError) {
                hear(try WorkerMessage(frames: frames), from: routing)
            } catch {
                counters.refusedFrames += 1
                if error.fault == .version {
                    let refusal = RPCStatus(
                        .failedPrecondition, error.status.message, reason: .unsupportedVersion)
                    try? backListener.socket.send([routing] + BrokerOrder.bye(refusal).frames(error.encoding))
                }
            }
            takeOutUnreachable()
        }
    }

    private func hear(_ message: WorkerMessage, from routing: [UInt8]) {
        if case .hello(let hello) = message {
            welcome(hello, routing)
            return
        }
        guard let id = workersByRouting[routing] else {
            counters.strangers += 1
            try? backListener.socket.send([routing] + BrokerOrder.who.frames(.protobuf))
            return
        }
        scheduler.workerHeard(id, at: now)
        switch message {
        case .hello: break
        case .started(let dispatch):
            if let attempt = attempt(dispatch) { scheduler.jobStarted(attempt, by: id) }
        case .partial: counters.refusedFrames += 1
        case .result(let result): settle(result, from: id)
        case .beat(let beat): scheduler.beat(id, progress: beat.progress, isBusy: beat.isBusy, at: now)
        case .drain(let returned):
            perform(scheduler.workerDraining(id, returned: returned.compactMap(attempt)))
        case .bye:
            logger.info("worker left", metadata: ["worker": "\(id)"])
            _ = removeWorker(id)
            perform(scheduler.workerLeft(id, .left, at: now))
        }
    }

    private func settle(_ result: JobResult, from worker: WorkerID) {
        guard let attempt = attempt(result.dispatch) else {
            counters.refusedFrames += 1
            return
        }
        let (accepted, actions) = scheduler.jobFinished(attempt, by: worker, at: now)
        if accepted {
            finish(attempt.call, result.status.checked(madeBy: .worker), attempts: attempt.number, body: result.body)
        }
        perform(actions)
    }

    private func welcome(_ hello: WorkerHello, _ routing: [UInt8]) {
        guard hello.protocolVersion == WireLimits.protocolVersion else {
            let refusal = RPCStatus(
                .failedPrecondition, "protocol \(WireLimits.protocolVersion) is spoken here",
                reason: .unsupportedVersion)
            try? backListener.socket.send([routing] + BrokerOrder.bye(refusal).frames(hello.encoding))
            return
        }
        // The same process, or the same connection, begins anew: its former session's jobs go elsewhere.
        for (id, record) in workers where record.hello.instance == hello.instance || record.routing == routing {
            _ = removeWorker(id)
            perform(scheduler.workerLeft(id, .replaced, at: now))
        }
        let id = WorkerID(nextNumber)
        nextNumber += 1
        let record = WorkerRecord(id: id, routing: routing, hello: hello)
        workers[id] = record
        workersByRouting[routing] = id
        let terms = configuration.scheduler
        tell(
            record,
            .welcome(
                WorkerWelcome(
                    worker: "\(id)", beatIntervalMilliseconds: terms.beatInterval.milliseconds,
                    liveness: UInt32(terms.liveness), stallLimitMilliseconds: terms.stallLimit.milliseconds)))
        logger.info("worker joined", metadata: ["worker": "\(id)", "name": "\(hello.name)", "pid": "\(hello.pid)"])
        perform(scheduler.workerJoined(id, credits: Int(hello.credits), at: now))
    }

    private func removeWorker(_ id: WorkerID) -> WorkerRecord? {
        guard let record = workers.removeValue(forKey: id) else { return nil }
        if workersByRouting[record.routing] == id { workersByRouting[record.routing] = nil }
        return record
    }

    /// A worker whose connection is gone is lost at once, and so is one that cannot be given a job: its credit would
    /// never come back. Other messages for a slow worker may be lost; its silence tells the rest.
    private func tell(_ worker: WorkerRecord, _ order: BrokerOrder) {
        do throws(MessagingError) {
            try backListener.socket.send([worker.routing] + order.frames(worker.hello.encoding))
        } catch {
            counters.undeliverable += 1
            if case .job = order { lostWorkers.insert(worker.id) }
            if error.code == .unreachable { lostWorkers.insert(worker.id) }
        }
    }
}
