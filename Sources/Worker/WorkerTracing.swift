// SPDX-License-Identifier: MIT
import Inference
import Observability
import Wire

/// The spans of a worker's jobs: the job and its stages. Without a queue for spans nothing is kept and nothing is done.
struct WorkerTracing {
    private struct JobTrace {
        let context: TraceContext
        let parent: UInt64?
        let method: String
        let start: ContinuousClock.Instant
    }

    private let spans: SpanQueue?
    private var jobs: [Dispatch: JobTrace] = [:]

    init(_ spans: SpanQueue?) { self.spans = spans }

    /// The engine takes a job on.
    mutating func began(_ job: Wire.Job, at now: ContinuousClock.Instant) {
        guard spans != nil else { return }
        let parent = TraceContext(job.traceparent)
        guard parent?.isSampled ?? true else { return }
        jobs[job.dispatch] = JobTrace(
            context: parent?.child() ?? .root(), parent: parent?.span, method: job.method, start: now)
    }

    /// A job has its answer.
    /// - Parameter stages: those that it had, from the first of its slices to the last.
    mutating func ended(
        _ dispatch: Dispatch, _ status: RPCStatus, stages: [StageRun], at now: ContinuousClock.Instant
    ) {
        guard let spans, let job = jobs.removeValue(forKey: dispatch) else { return }
        for stage in stages {
            spans.record(
                Span(
                    stage.stage.rawValue, context: job.context.child(), parent: job.context.span, from: stage.start,
                    to: stage.end))
        }
        spans.record(
            Span(
                "job", .consumer, context: job.context, parent: job.parent, from: job.start, to: now,
                attributes: [
                    "boxwood.attempt": .number(Int(dispatch.attempt)), "boxwood.code": .text(status.code.name),
                    "rpc.method": .text(Method(rawValue: job.method)?.label ?? "other"),
                ], failure: status.isOK ? nil : status.code.name))
    }
}
