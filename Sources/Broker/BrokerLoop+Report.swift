// SPDX-License-Identifier: MIT

internal import Observability
internal import Wire

// What the broker says of itself to whoever watches it.
extension BrokerLoop {
    func report(_ question: ServiceQuestion) {
        var report = ServiceReport(isReady: scheduler.isServing)
        if question.wantsMetrics { report.metrics = snapshot }
        question.answer(report)
    }

    private var snapshot: MetricSnapshot {
        var snapshot = MetricSnapshot()
        metrics.fill(&snapshot, malformed: refusedElsewhere)
        scheduler.fill(&snapshot, at: now)
        let gate = gate.figures
        snapshot.set(.connections, by: gate.connections)
        snapshot.set(.connectionsDenied, by: gate.denied)
        snapshot.set(.quarantined, to: quarantine.entries.count)
        snapshot.describeProcess(version: configuration.version, role: .broker, spansDropped: 0)
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
