// SPDX-License-Identifier: MIT

internal import Logging
internal import Messaging
internal import Wire

// The back: what workers say, and what they are told.
extension BrokerLoop {
    /// True when it found the end.
    func drainBack() throws(MessagingError) -> Bool {
        for _ in 0..<Self.turn {
            guard let message = try backListener.socket.receiveMessage() else { return true }
            guard !message.frames.isEmpty else { continue }
            let admission = gate.admit(message, at: .back)
            var frames = message.frames
            let routing = frames.removeFirst()
            do throws(FrameError) {
                let message = try WorkerMessage(frames: frames)
                if case .nobody = admission { turnAway(message, routing) } else { hear(message, from: routing) }
            } catch {
                refuse(error, from: routing)
            }
            takeOutUnreachable()
        }
        return false
    }

    /// A RESULT among them is not dropped: its call waits, and its job holds a credit.
    func refuse(_ error: FrameError, from routing: [UInt8]) {
        counters.refusedFrames += 1
        metrics.refused(error)
        if error.fault == .version {
            let refusal = RPCStatus(.failedPrecondition, error.status.message, reason: .unsupportedVersion)
            try? backListener.socket.send([routing] + BrokerOrder.bye(refusal).frames(error.encoding))
        } else if error.isResult, let worker = workersByRouting[routing] {
            scheduler.workerHeard(worker, at: now)
            if let dispatch = error.dispatch {
                settle(JobResult(dispatch: dispatch, status: error.status), from: worker)
            } else {
                expel(worker, .illegible)
                perform(scheduler.workerLeft(worker, .illegible, at: now))
            }
        }
    }

    func hear(_ message: WorkerMessage, from routing: [UInt8]) {
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
            if let attempt = attempt(dispatch) { scheduler.jobStarted(attempt, by: id, at: now) }
        case .partial(let partial): forward(partial, from: id)
        case .result(let result): settle(result, from: id)
        case .beat(let beat): scheduler.beat(id, progress: beat.progress, isBusy: beat.isBusy, at: now)
        case .drain(let returned):
            let returned = returned.compactMap(attempt)
            tracing.returned(returned, from: id, at: .now)
            perform(scheduler.workerDraining(id, returned: returned, at: now))
        case .credit(let credits, let returned):
            let most = workers[id]?.hello.credits ?? 0
            let returned = returned.compactMap(attempt)
            tracing.returned(returned, from: id, at: .now)
            perform(scheduler.workerOffers(id, credits: Int(min(credits, most)), returned: returned, at: now))
        case .bye:
            logger.info("worker left", metadata: ["worker": "\(id)"])
            if let record = removeWorker(id) { drainedInstances.remove(record.hello.instance) }
            perform(scheduler.workerLeft(id, .left, at: now))
        }
    }

    func settle(_ result: JobResult, from worker: WorkerID) {
        guard let attempt = attempt(result.dispatch) else {
            counters.refusedFrames += 1
            return
        }
        let isGood = result.status.isOK
        let settlement = scheduler.jobFinished(
            attempt, by: worker, answerBytes: isGood ? result.body.count : nil, at: now)
        let response = CallResponse(
            id: "", status: result.status.checked(madeBy: .worker), attempts: UInt32(attempt.number), body: result.body)
        if settlement.accepted { tracing.settled(attempt, response.status, at: .now) }
        if isGood, settlement.accepted, let id = works[attempt.call]?.quarantineID { quarantine.remove(id) }
        for call in settlement.answered {
            finish(call, response.status, attempts: attempt.number, body: response.body)
        }
        if settlement.isKept { keptAnswers[attempt.call] = response }
        perform(settlement.actions)
    }

    func welcome(_ hello: WorkerHello, _ routing: [UInt8]) {
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
        perform(
            scheduler.workerJoined(
                id, credits: Int(hello.credits), isSetAside: drainedInstances.contains(hello.instance), at: now))
    }

    func removeWorker(_ id: WorkerID) -> WorkerRecord? {
        guard let record = workers.removeValue(forKey: id) else { return nil }
        tracing.lost(id, at: .now)
        if workersByRouting[record.routing] == id { workersByRouting[record.routing] = nil }
        return record
    }

    /// A worker whose connection is gone is lost at once, and so is one that cannot be given a job: its credit would
    /// never come back. Other messages for a slow worker may be lost; its silence tells the rest.
    func tell(_ worker: WorkerRecord, _ order: BrokerOrder) {
        do throws(MessagingError) {
            let (frames, last) = order.split(worker.hello.encoding)
            try backListener.socket.send([worker.routing] + frames, last: last?.owner as? HeldFrame)
        } catch {
            counters.undeliverable += 1
            if case .job = order { lostWorkers.insert(worker.id) }
            if error.code == .unreachable { lostWorkers.insert(worker.id) }
        }
    }
}
