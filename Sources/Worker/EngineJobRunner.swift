// SPDX-License-Identifier: MIT
public import Grounding
import Imaging
public import Inference
import Kosmos2
public import Wire

/// Lets an engine do a worker's jobs, side by side.
public final class EngineJobRunner: JobRunner {
    private let engine: Engine
    private var dispatches: [JobTicket: Dispatch] = [:]
    /// Of jobs that have ended, until they are asked for.
    private var stages: [Dispatch: [StageRun]] = [:]

    public init(_ engine: Engine) {
        self.engine = engine
    }

    public var model: ModelIdentity { engine.identity }

    public var imageLimits: WireImageLimits {
        let limits = engine.limits.image
        return WireImageLimits(
            maxBytes: UInt32(clamping: limits.maxBytes), maxPixels: UInt32(clamping: limits.maxPixels),
            maxSide: UInt32(clamping: limits.maxSide))
    }

    public var progress: @Sendable () -> UInt64 {
        let progress = engine.model.progress
        return { progress.value }
    }

    public var counters: EngineCounters { engine.counters }

    public func start(_ job: RunnerJob) {
        let ticket = engine.submit(
            id: job.id, task: job.request.task, options: job.request.options, image: job.image,
            streams: job.streams, cancellation: job.cancellation)
        dispatches[ticket] = job.dispatch
    }

    public func stages(of job: Dispatch) -> [StageRun] { stages.removeValue(forKey: job) ?? [] }

    public func advance() -> [(job: Dispatch, outcome: Result<GroundingResult, RPCStatus>)] {
        engine.advance().map { ended in
            guard let dispatch = dispatches.removeValue(forKey: ended.ticket) else {
                preconditionFailure("the engine ended a task that was not started")
            }
            stages[dispatch] = ended.stages
            return (dispatch, ended.outcome.mapError(RPCStatus.init))
        }
    }

    public func news() -> [JobNews] {
        engine.news().compactMap { answer in
            dispatches[answer.ticket].map { JobNews(job: $0, caption: answer.caption, entities: answer.entities) }
        }
    }
}

extension RPCStatus {
    /// What a client hears of an engine's error.
    public init(_ error: TaskError) {
        let code: StatusCode =
            switch error.code {
            case .invalidArgument: .invalidArgument
            case .cancelled: .cancelled
            case .deadlineExceeded: .deadlineExceeded
            case .resourceExhausted: .resourceExhausted
            case .failedPrecondition: .failedPrecondition
            default: .internal
            }
        self.init(code, error.message, violations: error.violations.map(\.onTheWire))
    }
}
