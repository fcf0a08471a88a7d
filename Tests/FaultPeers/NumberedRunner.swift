// SPDX-License-Identifier: MIT
import Foundation
import Grounding
import Inference
import Synchronization
import Wire
import Worker

/// An engine that does nothing but take its time, write down what it was given, and die of what is made to kill it.
final class NumberedRunner: JobRunner {
    private struct Running {
        let job: RunnerJob
        let payload: Payload
        let end: ContinuousClock.Instant
    }

    private let ledger: Ledger
    private let count: Progress
    private var running: [Running] = []
    private var hoard: [UnsafeMutableRawPointer] = []

    var model: ModelIdentity { ModelIdentity(name: "numbered", revision: "0", precision: "f32") }
    var imageLimits: WireImageLimits { WireImageLimits() }
    var progress: @Sendable () -> UInt64 { { [count] in count.value.load(ordering: .relaxed) } }

    /// What a hog takes in one slice, and the most it takes where nothing stops it.
    private static let hoardSlice = 16 << 20
    private static let hoardLimit = 1 << 30
    /// How long a slice lasts.
    private static let slice: Duration = .milliseconds(2)

    private final class Progress: Sendable {
        let value = Atomic<UInt64>(0)
    }

    init(_ ledger: Ledger) {
        self.ledger = ledger
        count = Progress()
    }

    func start(_ job: RunnerJob) {
        guard case .ask(let question, _) = job.request.task, let payload = Payload(question: question) else {
            preconditionFailure("a numbered worker got work without a number")
        }
        note("start", job, payload)
        let end = ContinuousClock.now + .milliseconds(payload.milliseconds)
        running.append(Running(job: job, payload: payload, end: end))
    }

    func advance() -> [(job: Wire.Dispatch, outcome: Result<GroundingResult, RPCStatus>)] {
        Thread.sleep(forTimeInterval: 0.002)
        count.value.wrappingAdd(1, ordering: .relaxed)
        let now = ContinuousClock.now
        let over = running.filter { $0.job.cancellation.isCancelled || isOver($0, now) }
        running.removeAll { entry in over.contains { $0.job.dispatch == entry.job.dispatch } }
        return over.map { ($0.job.dispatch, outcome($0)) }
    }

    private func isOver(_ entry: Running, _ now: ContinuousClock.Instant) -> Bool {
        switch entry.payload.kind {
        case .work: break
        case .poison: if now >= entry.end { kill(getpid(), SIGKILL) }
        case .hog: return !takeMemory()
        }
        return now >= entry.end
    }

    /// False when it has had enough without being stopped.
    private func takeMemory() -> Bool {
        guard hoard.count * Self.hoardSlice < Self.hoardLimit else { return false }
        // Memory that is not to be had ends this process, as it would any other.
        guard let block = malloc(Self.hoardSlice) else { abort() }
        memset(block, 1, Self.hoardSlice)
        hoard.append(block)
        return true
    }

    private func outcome(_ entry: Running) -> Result<GroundingResult, RPCStatus> {
        guard !entry.job.cancellation.isCancelled else {
            note("cancelled", entry.job, entry.payload)
            return .failure(RPCStatus(.cancelled, "stopped"))
        }
        note("end", entry.job, entry.payload)
        let image = ImageDescription(
            width: 1, height: 1, sha256: Payload.checksum(of: entry.job.image), orientation: 1)
        return .success(
            GroundingResult(
                id: entry.job.id, task: .ask, model: model, image: image, caption: entry.payload.question,
                entities: [], text: "", finishReason: .stop))
    }

    private func note(_ event: String, _ job: RunnerJob, _ payload: Payload) {
        ledger.note(event, ["n": payload.number, "call": job.dispatch.call, "a": Int(job.dispatch.attempt)])
    }
}
