// SPDX-License-Identifier: MIT
import Dispatch
import Grounding
import Inference
import Synchronization
import Wire
import Worker

/// A runner whose jobs do what their question says: `answer`, `wait` for a cancellation, `hang`, `fail`.
struct FakeRunner: JobRunner {
    /// What a test and its runner share.
    final class Controls: Sendable {
        let progress = Atomic<UInt64>(0)
        fileprivate let released = DispatchSemaphore(value: 0)

        /// Ends a job that hangs.
        func release() { released.signal() }
    }

    static let identity = ModelIdentity(name: "fake", revision: "0", precision: "f32")

    let controls: Controls
    var model: ModelIdentity { Self.identity }
    var imageLimits: WireImageLimits { WireImageLimits(maxBytes: 1, maxPixels: 2, maxSide: 3) }
    var progress: @Sendable () -> UInt64 { { [controls] in controls.progress.load(ordering: .relaxed) } }

    func run(
        id: String, request: TaskRequest, image: [UInt8], cancellation: CancellationFlag
    ) throws(RPCStatus) -> GroundingResult {
        guard case .ask(let question, _) = request.task else { throw RPCStatus(.invalidArgument, "not asked") }
        switch question {
        case "wait":
            while !cancellation.isCancelled { controls.progress.wrappingAdd(1, ordering: .relaxed) }
            throw RPCStatus(.cancelled, "stopped")
        case "hang": controls.released.wait()
        case "fail": throw RPCStatus(.dataLoss, "the bits fell out")
        case "overstep": throw RPCStatus(.unavailable, "not a worker's word")
        default: break
        }
        return GroundingResult(
            id: id, task: .ask, model: model,
            image: ImageDescription(width: 1, height: 1, sha256: "\(image.count)", orientation: 1), caption: question,
            entities: [], text: question, finishReason: .stop, timing: Timing(total: 5))
    }
}
