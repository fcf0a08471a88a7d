// SPDX-License-Identifier: MIT
import Foundation
package import Grounding
import Inference
package import Wire
package import Worker

/// An engine that knows the answer already: at once, or after a set time for each job, one after the other.
package final class PretendedEngine: JobRunner {
    private let pause: TimeInterval
    private var jobs: [RunnerJob] = []

    package let model = ModelIdentity(name: "pretended", revision: "0", precision: "f32")
    package var imageLimits: WireImageLimits { WireImageLimits() }
    package var progress: @Sendable () -> UInt64 { { 0 } }

    package init(milliseconds: Int) {
        pause = TimeInterval(milliseconds) / 1000
    }

    package func start(_ job: RunnerJob) {
        jobs.append(job)
    }

    package func advance() -> [(job: Wire.Dispatch, outcome: Result<GroundingResult, RPCStatus>)] {
        guard pause > 0 else {
            defer { jobs.removeAll(keepingCapacity: true) }
            return jobs.map { ($0.dispatch, .success(answer($0))) }
        }
        guard !jobs.isEmpty else { return [] }
        Thread.sleep(forTimeInterval: pause)
        let job = jobs.removeFirst()
        return [(job.dispatch, .success(answer(job)))]
    }

    private func answer(_ job: RunnerJob) -> GroundingResult {
        GroundingResult(
            id: job.id, task: job.request.task.name, model: model,
            image: ImageDescription(width: 1, height: 1, sha256: "", orientation: 1), caption: "a penguin",
            entities: [],
            text: "a penguin", finishReason: .stop)
    }
}
