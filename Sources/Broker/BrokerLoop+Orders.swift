// SPDX-License-Identifier: MIT

internal import Logging
internal import Observability
internal import Wire

// What the scheduler orders.
extension BrokerLoop {
    func perform(_ actions: [SchedulerAction]) {
        for action in actions {
            switch action {
            case .dispatch(let attempt, let worker): dispatch(attempt, to: worker)
            case .cancel(let attempt, let worker):
                if let record = workers[worker] { tell(record, .cancel(wire(attempt), reason: "the call is over")) }
            case .end(let id, let ending, let attempts):
                metrics.noted(ending)
                guard let status = ending.status else {
                    if let call = forget(id) { note(id, call, RPCStatus(.cancelled), attempts: attempts) }
                    continue
                }
                finish(id, status, attempts: attempts, isRefusal: ending.refusal != nil)
            case .answerAgain(let id, let earlier):
                guard let kept = keptAnswers[earlier] else { preconditionFailure("no answer is kept of \(earlier)") }
                finish(id, kept.status, attempts: Int(kept.attempts), body: kept.body)
            case .forgetAnswer(let id): keptAnswers[id] = nil
            case .quarantine(let id, let blame): quarantine(id, blame)
            case .expel(let worker, let loss): expel(worker, loss)
            }
        }
    }

    func dispatch(_ attempt: Attempt, to worker: WorkerID) {
        guard let work = works[attempt.call], let record = workers[worker] else { return }
        let request = work.request
        let job = Job(
            dispatch: wire(attempt), id: request.id, method: request.method,
            remainingMilliseconds: (scheduler.remaining(of: attempt.call, at: now) ?? .zero).milliseconds,
            queueMilliseconds: (now - work.arrival).milliseconds, resultEncoding: request.encoding,
            metadata: request.metadata,
            traceparent: tracing.dispatched(attempt, to: worker, at: .now) ?? request.traceparent,
            pixels: request.pixels, streams: work.streams, body: request.body, picture: request.picture)
        if attempt.number == 1 { metrics.queueDuration.observe(now - work.arrival) }
        logger.debug(
            "dispatch",
            metadata: [
                "call": "\(job.dispatch.call)", "attempt": "\(attempt.number)", "worker": "\(worker)",
                "name": "\(record.hello.name)",
            ])
        tell(record, .job(job))
    }

    func expel(_ id: WorkerID, _ loss: WorkerLoss) {
        guard let record = removeWorker(id) else { return }
        logger.warning(
            "worker lost", metadata: ["worker": "\(id)", "name": "\(record.hello.name)", "why": "\(loss.rawValue)"])
        tell(record, .bye(RPCStatus(.unavailable, loss.words)))
    }

    func wire(_ attempt: Attempt) -> Dispatch {
        Dispatch(call: callPrefix + String(attempt.call.number), attempt: UInt32(attempt.number))
    }

    func attempt(_ dispatch: Dispatch) -> Attempt? {
        let name = dispatch.call.utf8
        guard name.starts(with: callPrefix.utf8),
            let number = UInt64(Substring(name.dropFirst(callPrefix.utf8.count)))
        else { return nil }
        return Attempt(call: CallID(number), number: Int(dispatch.attempt))
    }
}
