// SPDX-License-Identifier: MIT
import Dispatch
import Grounding
import Inference
import Synchronization
import Wire
import Worker

/// A runner whose jobs do what their question says: `answer`, `wait` for a cancellation, `hang`, `fail`, or `idle` and
/// keep every other job company until it is cancelled or released.
final class FakeRunner: JobRunner {
    /// What a test and its runner share.
    final class Controls: Sendable {
        let progress = Atomic<UInt64>(0)
        /// The most jobs that ran side by side.
        let peak = Atomic<Int>(0)
        fileprivate let released = DispatchSemaphore(value: 0)

        /// Ends a job that hangs or idles.
        func release() { released.signal() }
    }

    static let identity = ModelIdentity(name: "fake", revision: "0", precision: "f32")

    private let controls: Controls
    private var jobs: [RunnerJob] = []
    var model: ModelIdentity { Self.identity }
    var imageLimits: WireImageLimits { WireImageLimits(maxBytes: 1, maxPixels: 2, maxSide: 3) }
    var progress: @Sendable () -> UInt64 { { [controls] in controls.progress.load(ordering: .relaxed) } }

    init(controls: Controls) {
        self.controls = controls
    }

    func start(_ job: RunnerJob) {
        jobs.append(job)
        controls.peak.max(jobs.count, ordering: .relaxed)
    }

    func advance() -> [(job: Wire.Dispatch, outcome: Result<GroundingResult, RPCStatus>)] {
        let ended = jobs.compactMap { job in outcome(job).map { (job: job.dispatch, outcome: $0) } }
        jobs.removeAll { job in ended.contains { $0.job == job.dispatch } }
        return ended
    }

    /// `nil` for a job that goes on.
    private func outcome(_ job: RunnerJob) -> Result<GroundingResult, RPCStatus>? {
        guard case .ask(let question, _) = job.request.task else {
            return .failure(RPCStatus(.invalidArgument, "not asked"))
        }
        switch question {
        case "wait":
            guard !job.cancellation.isCancelled else { return .failure(RPCStatus(.cancelled, "stopped")) }
            controls.progress.wrappingAdd(1, ordering: .relaxed)
            return nil
        case "idle":
            guard !job.cancellation.isCancelled else { return .failure(RPCStatus(.cancelled, "stopped")) }
            guard controls.released.wait(timeout: .now() + .milliseconds(1)) == .success else { return nil }
        case "hang": controls.released.wait()
        case "fail": return .failure(RPCStatus(.dataLoss, "the bits fell out"))
        case "overstep": return .failure(RPCStatus(.unavailable, "not a worker's word"))
        default: break
        }
        return .success(answer(job, question))
    }

    private func answer(_ job: RunnerJob, _ question: String) -> GroundingResult {
        GroundingResult(
            id: job.id, task: .ask, model: model,
            image: ImageDescription(width: 1, height: 1, sha256: "\(job.image.count)", orientation: 1),
            caption: question, entities: [], text: question, finishReason: .stop, timing: Timing(total: 5))
    }
}
