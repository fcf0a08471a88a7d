// SPDX-License-Identifier: MIT
import Grounding
import Imaging
import Inference
import Wire

/// Jobs from their frames to their answers: read, check, run, write.
struct JobExecutor {
    private let runner: any JobRunner
    private let figures: WorkerFigures
    /// What the runner has taken on and not ended.
    private var running: [Dispatch: Running] = [:]
    private var tracing: WorkerTracing

    private struct Running {
        let job: Wire.Job
        /// What was told of its result; `nil` where nobody listens.
        var trail: EventTrail?
        var told: UInt32 = 0
    }

    /// What the broker is to hear of a job.
    enum Report {
        case partial(JobPartial)
        case result(JobResult)
    }

    init(_ runner: any JobRunner, _ figures: WorkerFigures) {
        self.runner = runner
        self.figures = figures
        tracing = WorkerTracing(figures.spans)
    }

    var count: Int { running.count }

    /// Takes a job on.
    /// - Returns: its answer, where it has one before it begins.
    mutating func start(
        _ job: Wire.Job, cancellation: CancellationFlag, at now: ContinuousClock.Instant
    ) -> JobResult? {
        do throws(RPCStatus) {
            if let reason = cancellation.refusal(at: now) { throw reason }
            runner.start(try runnerJob(job, cancellation))
            running[job.dispatch] = Running(job: job, trail: job.streams ? EventTrail() : nil)
            tracing.began(job, at: now)
            return nil
        } catch {
            return JobResult(dispatch: job.dispatch, status: error.checked(madeBy: .worker))
        }
    }

    /// Does a slice of all jobs.
    /// - Returns: what is settled of them, and the answers of those that have ended, of each in its order.
    mutating func advance() -> [Report] {
        let ended = runner.advance()
        figures.engineDid(runner.counters)
        var reports: [Report] = []
        for news in runner.news() {
            let events = running[news.job]?.trail?.events(caption: news.caption, entities: news.entities) ?? []
            reports += tell(events, of: news.job)
        }
        for (dispatch, outcome) in ended {
            if case .success(let result) = outcome {
                reports += tell(running[dispatch]?.trail?.rest(of: result) ?? [], of: dispatch)
            }
            let stages = runner.stages(of: dispatch)
            guard let job = running.removeValue(forKey: dispatch)?.job else { continue }
            let result = answer(job, outcome)
            tracing.ended(dispatch, result.status, stages: stages, at: .now)
            reports.append(.result(result))
        }
        return reports
    }

    private mutating func tell(_ events: [GroundingEvent], of dispatch: Dispatch) -> [Report] {
        events.compactMap { event in
            guard let job = running[dispatch] else { return nil }
            running[dispatch]!.told += 1
            let body = event.body(job.job.resultEncoding)
            return .partial(JobPartial(dispatch: dispatch, sequence: job.told, body: body))
        }
    }

    private func runnerJob(_ job: Wire.Job, _ cancellation: CancellationFlag) throws(RPCStatus) -> RunnerJob {
        guard let task = Method(rawValue: job.method)?.task else {
            throw RPCStatus(.unimplemented, "the worker has no method \(job.method)", reason: .unknownMethod)
        }
        guard let image = job.image, !image.isEmpty else {
            throw .invalid([FieldViolation("image", "is missing; the picture is the frame after the body")])
        }
        try checkPixels(of: image, job)
        return RunnerJob(
            dispatch: job.dispatch, id: job.id, request: try TaskRequest(task: task, body: job.body), image: image,
            metadata: job.metadata, streams: job.streams, cancellation: cancellation)
    }

    /// A picture with more pixels than its client said was let in as a smaller one. What is no picture, the engine refuses.
    private func checkPixels(of image: [UInt8], _ job: Wire.Job) throws(RPCStatus) {
        guard let said = job.pixels, let header = try? ImageDecoder.header(of: image, limits: ImageLimits()) else {
            return
        }
        let pixels = header.width * header.height
        guard pixels > Int(said) else { return }
        throw .invalid([FieldViolation("pixels", "is \(said) in the header; the picture has \(pixels)")])
    }

    private func answer(_ job: Wire.Job, _ outcome: Result<GroundingResult, RPCStatus>) -> JobResult {
        do throws(RPCStatus) {
            var result = try outcome.get()
            figures.took(result.timing)
            result.attempts = Int(job.dispatch.attempt)
            result.timing.queue = Double(job.queueMilliseconds)
            result.timing.total += result.timing.queue
            let body = result.body(job.resultEncoding)
            guard body.count <= WireLimits.responseBodyBytes else {
                throw .tooLarge("result", bytes: body.count, limit: WireLimits.responseBodyBytes)
            }
            return JobResult(dispatch: job.dispatch, status: .ok, body: body)
        } catch {
            return JobResult(dispatch: job.dispatch, status: error.checked(madeBy: .worker))
        }
    }
}
