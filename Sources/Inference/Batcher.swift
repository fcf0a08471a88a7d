// SPDX-License-Identifier: MIT

import Grounding
import Kosmos2
import Tensors

/// Runs many jobs side by side, a slice of work at a time: all sequences of all jobs share each step of the decoder.
///
/// Jobs come and go between steps. What a job gets does not depend on the others: a row of each kernel has the same bits
/// whatever the rows beside it, and nothing here chooses by what another job's tokens are.
final class Batcher {
    let model: Kosmos2Model
    let encoder: PromptEncoder
    let identity: ModelIdentity
    let options: EngineOptions
    /// What all sequences together may take.
    let limit: SequenceRoom

    /// All that have not ended, in the order they came.
    var jobs: [BatchJob] = []
    /// Those that decode, in the order they began.
    var running: [RunningSequence] = []
    /// What is being computed for those who do not decode yet.
    var pass: AdmissionPass?
    var policy: AdmissionPolicy
    var pictures: RecentlyUsed<PictureKey, KnownPicture>
    /// Pictures that jobs wait for or use, in the order they came.
    var works: [PictureWork] = []
    var counters = EngineCounters()
    private var ended: [BatchJob] = []

    init(model: Kosmos2Model, encoder: PromptEncoder, identity: ModelIdentity, options: EngineOptions) {
        (self.model, self.encoder, self.identity, self.options) = (model, encoder, identity, options)
        limit = SequenceRoom(rows: options.batchSize, bytes: options.sequenceCacheBytes)
        policy = AdmissionPolicy(prefixTokens: encoder.prefix.count)
        pictures = RecentlyUsed(budget: options.pictureCacheBytes)
    }

    /// Whether there is nothing to do.
    var isIdle: Bool { jobs.isEmpty && ended.isEmpty }

    func submit(_ job: BatchJob) {
        jobs.append(job)
        guard !job.least.fits(in: limit) else { return }
        end(job, .failure(tooLarge(job)))
    }

    /// Does a slice for those who do not decode yet, then one step for those who do.
    /// - Returns: those that have ended since the last call.
    func advance(at now: ContinuousClock.Instant) -> [BatchJob] {
        for job in jobs { check(job, at: now) }
        letIn()
        admit()
        decode()
        answer()
        defer { ended = [] }
        return ended
    }

    /// Ends a job, and lets go of all that was kept for it.
    func end(_ job: BatchJob, _ outcome: Result<JobOutput, TaskError>) {
        job.outcome = outcome
        job.timing.total = Stopwatch.milliseconds(.now - job.begun)
        jobs.removeAll { $0 === job }
        running.removeAll { $0.job === job }
        release(job)
        ended.append(job)
    }

    private func check(_ job: BatchJob, at now: ContinuousClock.Instant) {
        do throws(TaskError) {
            try job.cancellation.check(now: now)
        } catch {
            end(job, .failure(error))
        }
    }

    /// Lets jobs in, in their order, while there is room for what each of them needs at least.
    private func letIn() {
        for job in jobs where job.picture == nil {
            guard (taken + job.least).fits(in: limit) else { return }
            job.picture = picture(for: job)
            job.image = []
        }
    }

    /// What is kept for those who are in, and for sequences of a pass whose job has ended.
    var taken: SequenceRoom {
        let orphans = pass?.starts.filter { $0.job.outcome != nil }.map(\.job.each) ?? []
        return (jobs.filter { $0.picture != nil }.map(\.taken) + orphans).reduce(SequenceRoom(), +)
    }

    private func tooLarge(_ job: BatchJob) -> TaskError {
        let megabytes = { (bytes: Int) in "\((bytes + 999_999) / 1_000_000) MB" }
        return TaskError(
            .resourceExhausted,
            "needs \(megabytes(job.least.bytes)) of keys and values for \(job.width) sequences of \(job.capacity) "
                + "tokens; this worker has \(megabytes(limit.bytes)): ask for fewer new tokens or beams")
    }
}

/// A sequence that decodes.
struct RunningSequence {
    let job: BatchJob
    /// Of its prompt among the job's.
    let index: Int
    let continuation: any Continuation<KeyValueCache>
}
