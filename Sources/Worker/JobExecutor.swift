// SPDX-License-Identifier: MIT
import Grounding
import Inference
import Wire

/// One job from its frames to its answer: read, check, run, write.
struct JobExecutor {
    let runner: any JobRunner

    func execute(_ job: Wire.Job, cancellation: CancellationFlag, at now: ContinuousClock.Instant) -> JobResult {
        do throws(RPCStatus) {
            if let reason = cancellation.refusal(at: now) { throw reason }
            let result = try run(job, cancellation)
            let body = result.body(job.resultEncoding)
            guard body.count <= WireLimits.responseBodyBytes else {
                throw .tooLarge("result", bytes: body.count, limit: WireLimits.responseBodyBytes)
            }
            return JobResult(dispatch: job.dispatch, status: .ok, body: body)
        } catch {
            return JobResult(dispatch: job.dispatch, status: error.checked(madeBy: .worker))
        }
    }

    private func run(_ job: Wire.Job, _ cancellation: CancellationFlag) throws(RPCStatus) -> GroundingResult {
        guard let task = Method(rawValue: job.method)?.task else {
            throw RPCStatus(.unimplemented, "the worker has no method \(job.method)", reason: .unknownMethod)
        }
        guard let image = job.image, !image.isEmpty else {
            throw .invalid([FieldViolation("image", "is missing; the picture is the frame after the body")])
        }
        let request = try TaskRequest(task: task, body: job.body)
        var result = try runner.run(id: job.id, request: request, image: image, cancellation: cancellation)
        result.attempts = Int(job.dispatch.attempt)
        result.timing.queue = Double(job.queueMilliseconds)
        result.timing.total += result.timing.queue
        return result
    }
}
