// SPDX-License-Identifier: MIT

package import Observability
package import Wire

/// What a broker's loop counts of calls and messages, beside what the scheduler counts: plain values, read when somebody asks.
package struct BrokerMetrics: Sendable {
    package struct Outcome: Hashable, Sendable {
        let method: Method?
        let code: StatusCode
    }

    package private(set) var calls: [Outcome: Int] = [:]
    package private(set) var refusals: [String: Int] = [:]
    package private(set) var cancellations: [String: Int] = [:]
    package private(set) var malformations: [String: Int] = [:]
    private var durations: [Method: Histogram] = [:]
    package var queueDuration = Histogram()
    private var slack = Histogram()

    package init() {}

    /// A call was answered, by whoever.
    package mutating func answered(_ method: Method?, _ code: StatusCode) {
        calls[Outcome(method: method, code: code), default: 0] += 1
    }

    /// A task's call is over, by an answer or without one.
    mutating func ended(_ call: OpenCall, _ status: RPCStatus, isRefusal: Bool = false, at now: Duration) {
        answered(call.method, status.code)
        guard !isRefusal, let method = call.method else { return }
        durations[method, default: Histogram()].observe(now - call.arrival)
        if status.isOK { slack.observe(call.deadline - now) }
    }

    /// The scheduler ended a call.
    package mutating func noted(_ ending: CallEnding) {
        if let reason = ending.refusal { refusals[reason, default: 0] += 1 }
        if let who = ending.canceller { cancellations[who, default: 0] += 1 }
    }

    /// Frames that are no message.
    package mutating func refused(_ error: FrameError) { malformations[error.sort, default: 0] += 1 }

    /// - Parameter others: refusals of messages that were counted elsewhere.
    package func fill(_ snapshot: inout MetricSnapshot, malformed others: [String: Int]) {
        snapshot.mention(.calls)
        for (outcome, count) in calls {
            snapshot.set(.calls, [outcome.method?.label ?? MetricLabels.other, outcome.code.name], to: count)
        }
        snapshot.set(.callsRefused, by: refusals)
        let submissions = calls.filter { $0.key.method == .jobSubmit && $0.key.code != .ok }
        snapshot.set(.journalRefused, to: submissions.values.reduce(0, +))
        snapshot.set(.cancellations, by: cancellations)
        snapshot.set(.malformedMessages, by: malformations.merging(others, uniquingKeysWith: +))
        snapshot.mention(.callDuration)
        for (method, histogram) in durations { snapshot.set(.callDuration, [method.label], to: histogram) }
        snapshot.set(.queueDuration, to: queueDuration)
        snapshot.set(.deadlineSlack, to: slack)
    }
}

extension CallEnding {
    /// Why the call was not let in, or sent away; `nil` where it was not.
    package var refusal: String? {
        switch self {
        case .noWorker: "no_worker"
        case .queueFull: "queue_full"
        case .noTime: "no_time"
        case .tooLarge: "too_large"
        case .draining: "draining"
        case .keyReused: "key_reused"
        case .deadlineExceeded, .cancelled, .abandoned, .poison: nil
        }
    }

    /// Who ended it; `nil` where nobody took interest away.
    fileprivate var canceller: String? {
        switch self {
        case .cancelled: "client"
        case .abandoned: "vanished"
        case .deadlineExceeded: "deadline"
        case .noWorker, .queueFull, .noTime, .tooLarge, .draining, .keyReused, .poison: nil
        }
    }
}

extension FrameError {
    /// What is wrong, in a word.
    fileprivate var sort: String {
        switch fault {
        case .stranger: return "stranger"
        case .version: return "version"
        case .kind: return "kind"
        case .malformed: break
        }
        switch status.reason {
        case .malformedFrames: return "frames"
        case .malformedHeader: return "header"
        case .tooLarge: return "too_large"
        default: return MetricLabels.other
        }
    }
}
