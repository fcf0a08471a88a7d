// SPDX-License-Identifier: MIT

internal import Observability
internal import Wire

/// The spans of a broker's calls: the call itself, its waiting, its attempts. Without a queue for spans nothing is kept and nothing
/// is done.
struct BrokerTracing {
    /// A call that was begun by a client or here.
    struct CallTrace {
        let context: TraceContext
        let parent: UInt64?
    }

    /// What is done for one or more calls.
    private struct WorkTrace {
        /// Of the call that it began with.
        let call: TraceContext
        var waitingSince: ContinuousClock.Instant
        var attempt: AttemptTrace?
        /// The attempt before.
        var previous: TraceContext?
    }

    private struct AttemptTrace {
        let number: Int
        let worker: WorkerID
        let context: TraceContext
        let start: ContinuousClock.Instant
    }

    let spans: SpanQueue?
    private var calls: [CallID: CallTrace] = [:]
    private var works: [CallID: WorkTrace] = [:]

    init(_ spans: SpanQueue?) { self.spans = spans }

    // MARK: - Calls

    /// A call came. What its client's trace does not want kept is not; a call without a trace begins one.
    /// - Parameter startsWork: whether it waits for work that begins with it.
    mutating func began(
        _ id: CallID, startsWork: Bool, _ request: CallRequest, at now: ContinuousClock.Instant
    ) {
        guard spans != nil else { return }
        let parent = TraceContext(request.traceparent)
        guard parent?.isSampled ?? true else { return }
        let trace = CallTrace(context: parent?.child() ?? .root(), parent: parent?.span)
        calls[id] = trace
        guard startsWork else { return }
        works[id] = WorkTrace(call: trace.context, waitingSince: now)
    }

    /// A call is over.
    /// - Returns: its trace; `nil` where none is kept.
    mutating func ended(
        _ id: CallID, _ call: OpenCall, _ status: RPCStatus, attempts: Int, from start: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) -> TraceContext.TraceID? {
        guard let spans, let trace = calls.removeValue(forKey: id) else { return nil }
        let shared = call.work == id ? nil : calls[call.work]?.context ?? works[call.work]?.call
        spans.record(
            Span(
                call.method?.label ?? "call", .server, context: trace.context, parent: trace.parent, from: start,
                to: now,
                attributes: [
                    "rpc.system": .text("boxwood"), "boxwood.code": .text(status.code.name),
                    "boxwood.attempts": .number(attempts),
                ], links: shared.map { [$0] } ?? [], failure: status.isOK ? nil : status.code.name))
        return trace.context.trace
    }

    /// Nobody waits for the work any more.
    mutating func over(_ id: CallID, at now: ContinuousClock.Instant) {
        guard let work = works[id] else { return }
        if work.attempt != nil { close(id, "cancelled", at: now) } else { recordQueue(work, at: now) }
        works[id] = nil
    }

    // MARK: - Attempts

    /// Work goes to a worker.
    /// - Returns: what the worker is to know of the trace; `nil` where there is none.
    mutating func dispatched(_ attempt: Attempt, to worker: WorkerID, at now: ContinuousClock.Instant) -> String? {
        guard let work = works[attempt.call] else { return nil }
        recordQueue(work, at: now)
        let context = work.call.child()
        works[attempt.call]!.attempt = AttemptTrace(
            number: attempt.number, worker: worker, context: context, start: now)
        return context.traceparent
    }

    /// A worker's answer counts.
    mutating func settled(_ attempt: Attempt, _ status: RPCStatus, at now: ContinuousClock.Instant) {
        close(attempt.call, status.isOK ? nil : status.code.name, at: now)
        works[attempt.call] = nil
    }

    /// Work comes back from a worker that had not begun, or stopped it.
    mutating func returned(_ attempts: [Attempt], from worker: WorkerID, at now: ContinuousClock.Instant) {
        for attempt in attempts {
            guard let open = works[attempt.call]?.attempt, open.number == attempt.number, open.worker == worker else {
                continue
            }
            close(attempt.call, "returned", at: now)
        }
    }

    /// A worker is gone; its work waits again, or ends by the scheduler's word.
    mutating func lost(_ worker: WorkerID, at now: ContinuousClock.Instant) {
        for (id, work) in works where work.attempt?.worker == worker { close(id, "lost", at: now) }
    }

    private mutating func close(_ id: CallID, _ failure: String?, at now: ContinuousClock.Instant) {
        guard let spans, let work = works[id], let attempt = work.attempt else { return }
        spans.record(
            Span(
                "attempt", .producer, context: attempt.context, parent: work.call.span, from: attempt.start, to: now,
                attributes: [
                    "boxwood.attempt": .number(attempt.number), "boxwood.worker": .text("\(attempt.worker)"),
                ], links: work.previous.map { [$0] } ?? [], failure: failure))
        works[id]!.previous = attempt.context
        works[id]!.attempt = nil
        works[id]!.waitingSince = now
    }

    private func recordQueue(_ work: WorkTrace, at now: ContinuousClock.Instant) {
        spans?.record(
            Span("queue", context: work.call.child(), parent: work.call.span, from: work.waitingSince, to: now))
    }
}
