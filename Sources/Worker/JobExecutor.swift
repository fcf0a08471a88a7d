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
    private var running: [Dispatch: Wire.Job] = [:]
    private var tracing: WorkerTracing

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
            running[job.dispatch] = job
            tracing.began(job, at: now)
            return nil
        } catch {
            return JobResult(dispatch: job.dispatch, status: error.checked(madeBy: .worker))
        }
    }

    /// Does a slice of all jobs.
    /// - Returns: the answers of those that have ended.
    mutating func advance() -> [JobResult] {
        let ended = runner.advance()
        figures.engineDid(runner.counters)
        return ended.compactMap { dispatch, outcome in
            let stages = runner.stages(of: dispatch)
            guard let job = running.removeValue(forKey: dispatch) else { return nil }
            let result = answer(job, outcome)
            tracing.ended(dispatch, result.status, stages: stages, at: .now)
            return result
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
            cancellation: cancellation)
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
