// SPDX-License-Identifier: MIT

internal import Logging
internal import Messaging
internal import Observability
internal import Wire

// What the broker says of itself to whoever watches it.
extension BrokerLoop {
    /// A task's call is over, by an answer or without one.
    func note(_ id: CallID, _ call: OpenCall, _ status: RPCStatus, attempts: Int, isRefusal: Bool = false) {
        let now = now
        metrics.ended(call, status, isRefusal: isRefusal, at: now)
        let trace = tracing.ended(id, call, status, attempts: attempts, from: started + call.arrival, at: started + now)
        // The good end of a call is nothing to tell everybody about.
        logger.log(
            level: status.isOK ? .debug : .info, "call ended",
            metadata: facts(id, call, status, attempts: attempts, trace))
    }

    private func facts(
        _ id: CallID, _ call: OpenCall, _ status: RPCStatus, attempts: Int, _ trace: TraceContext.TraceID?
    ) -> Logger.Metadata {
        var facts: Logger.Metadata = [
            "call": "\(epoch)-\(id)", "id": "\(call.id)", "attempts": "\(attempts)", "code": "\(status.code.name)",
            "milliseconds": "\((now - call.arrival).milliseconds)",
        ]
        if let method = call.method { facts["method"] = "\(method.label)" }
        if let client = call.peer.identity { facts["client"] = "\(client.name)" }
        if let trace { facts["trace"] = "\(trace.text)" }
        return facts
    }

    func report(_ question: ServiceQuestion) {
        var report = ServiceReport(isReady: scheduler.isServing)
        if question.wantsMetrics { report.metrics = snapshot }
        guard question.wantsMetrics, jobs != nil else { return question.answer(report) }
        // A disk that hangs is the journal's matter: while it does not answer nobody waits for it again.
        let hangs = !jobs!.monitors.isEmpty
        jobs!.monitors.append((question, report))
        if hangs { answerMonitors(nil) } else { jobs!.keeper.post(.count) }
    }

    /// - Parameter figures: jobs by state; `nil` where nobody knows.
    func answerMonitors(_ figures: [String: Int]?) {
        for (question, report) in jobs?.monitors ?? [] {
            var report = report
            if let figures { report.metrics.set(.journalJobs, by: figures) }
            question.answer(report)
        }
        jobs?.monitors = []
    }

    private var snapshot: MetricSnapshot {
        var snapshot = MetricSnapshot()
        metrics.fill(&snapshot, malformed: refusedElsewhere)
        scheduler.fill(&snapshot, at: now)
        let gate = gate.figures
        snapshot.set(.connections, by: gate.connections)
        snapshot.set(.connectionsDenied, by: gate.denied)
        snapshot.set(.quarantined, to: quarantine.entries.count)
        snapshot.mention(.journalJobs)
        snapshot.describeProcess(
            version: configuration.version, role: .broker, spansDropped: tracing.spans?.dropped ?? 0)
        return snapshot
    }

    /// Messages that were well-formed and refused all the same.
    private var refusedElsewhere: [String: Int] {
        [
            "unknown_method": counters.unknownMethods, "repeated": counters.repeated, "role": counters.denied,
            "no_session": counters.strangers,
            "unexpected": counters.refusedFrames - metrics.malformations.values.reduce(0, +),
        ]
    }
}

extension Scheduler {
    /// What the scheduler knows.
    func fill(_ snapshot: inout MetricSnapshot, at now: Duration) {
        let queue = queueSnapshot(at: now)
        snapshot.set(.callsOpen, to: calls.count)
        snapshot.set(.queueCalls, by: waitReasons.named(\.rawValue))
        snapshot.set(.queueBytes, to: queue.bytes)
        snapshot.set(.queuePixels, to: queue.pixels)
        snapshot.set(.queueWork, to: queue.backlog.inSeconds)
        snapshot.set(.workRunning, to: queue.running)
        snapshot.set(.attempts, to: counters.dispatched)
        snapshot.set(.redeliveries, by: counters.redeliveries.named(\.label))
        snapshot.set(.lateResults, to: counters.late)
        snapshot.set(.joinedCalls, to: counters.joined + counters.answeredAgain)
        snapshot.set(.nearPicture, to: counters.nearPicture)
        snapshot.set(.workersLost, by: counters.losses.named(\.rawValue))
        let standings = workers.compactMap { workerSnapshot($0.key, at: now)?.state.rawValue }
        snapshot.set(.workers, by: standings.reduce(into: [:]) { $0[$1, default: 0] += 1 })
    }
}

extension Setback {
    fileprivate var label: String {
        switch self {
        case .lost(let loss): loss.rawValue
        case .returned: "returned"
        }
    }
}

extension Dictionary where Value == Int {
    fileprivate func named(_ name: (Key) -> String) -> [String: Int] {
        reduce(into: [:]) { $0[name($1.key), default: 0] += $1.value }
    }
}
