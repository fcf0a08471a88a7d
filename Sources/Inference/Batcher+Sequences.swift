// SPDX-License-Identifier: MIT

import Grounding
import Kosmos2
import Tensors
import Tokenization

// Prompts behind their pictures, and the step that all sequences share.
extension Batcher {
    /// The job whose prompt begins next.
    var nextJob: BatchJob? {
        let ready = jobs.filter { $0.picture?.known != nil }
        let turn = SequenceTurns.next(
            ready.map { .init(pending: $0.pending, open: $0.open, each: $0.each) }, free: limit - taken,
            mayGrow: jobs.allSatisfy { $0.picture != nil })
        return turn.map { ready[$0] }
    }

    /// As many prompts as go together, in the order of turns.
    func beginPrompts() {
        var starts: [AdmissionPass.Start] = []
        var sequences: [DecoderPass.Sequence] = []
        var rows = 0
        while let job = nextJob, let picture = job.picture?.known {
            let tokens = self.tokens(job.job.prompts[job.nextPrompt])
            guard rows == 0 || rows + tokens.count <= AdmissionPolicy.passTokens else { break }
            rows += tokens.count
            let cache = model.makeCache(capacity: job.capacity)
            cache.copy(from: picture.prefix)
            cache.truncate(to: encoder.prefix.count + job.job.prompts[job.nextPrompt].count - tokens.count)
            starts.append(.init(job: job, index: job.nextPrompt, cache: cache))
            sequences.append(.init(tokens, cache: cache))
            job.nextPrompt += 1
            job.open += 1
        }
        pass = .prompts(model.decoderPass(sequences), starts)
    }

    /// An empty prompt begins from the last token of the prefix, which no picture vector stands for.
    private func tokens(_ prompt: [Int]) -> [Int] {
        prompt.isEmpty ? [encoder.prefix[encoder.prefix.count - 1]] : prompt
    }

    /// The first token of each.
    func startDecoding(_ starts: [AdmissionPass.Start], _ logits: LogitRows) {
        for (row, start) in starts.enumerated() where start.job.outcome == nil {
            start.job.firstToken = start.job.firstToken ?? Stopwatch.milliseconds(.now - start.job.begun)
            let continuation = continuation(start)
            running.append(RunningSequence(job: start.job, index: start.index, continuation: continuation))
            do throws(TaskError) {
                try continuation.take(logits.from(row))
            } catch {
                end(start.job, .failure(error))
            }
        }
        collect()
    }

    private func continuation(_ start: AdmissionPass.Start) -> any Continuation<KeyValueCache> {
        let job = start.job
        let prompt = encoder.prefix + job.job.prompts[start.index]
        if let alignment = job.job.alignment {
            let width = Engine.alignmentWidth
            let count = AlignmentContinuation<KeyValueCache>.caches(width: width)
            let spare = (1..<count).map { _ in model.makeCache(capacity: job.capacity) }
            return AlignmentContinuation(alignment, width: width, cache: start.cache, spare: spare, plan: job.plan)
        }
        guard case .beam(let width) = job.plan.decoding else {
            return TokenContinuation(prompt: prompt, cache: start.cache, plan: job.plan)
        }
        let spare = (1..<width).map { _ in model.makeCache(capacity: job.capacity) }
        return BeamContinuation(prompt: prompt, cache: start.cache, spare: spare, plan: job.plan)
    }

    /// One more token for every sequence.
    func decode() {
        guard !running.isEmpty else { return }
        var watch = Stopwatch()
        let batch = running
        counters.stepped(sequences: batch.reduce(0) { $0 + $1.continuation.wanted.count })
        let errors = model.step(batch.map(\.continuation))
        let elapsed = watch.lap()
        for job in jobs where batch.contains(where: { $0.job === job }) {
            job.timing.generate += elapsed
            job.stages.note(.generate, watch)
        }
        for (sequence, error) in zip(batch, errors) {
            guard let error, sequence.job.outcome == nil else { continue }
            end(sequence.job, .failure(error))
        }
        collect()
    }

    /// Takes out what is done.
    private func collect() {
        for sequence in running {
            if sequence.continuation.isDone {
                let generation = sequence.continuation.generation
                counters.generatedTokens += generation.ids.count
                sequence.job.generations[sequence.index] = generation
                sequence.job.open -= 1
            }
            if sequence.job.streams, hasFound(sequence) { sequence.job.hasNews = true }
        }
        running.removeAll(where: \.continuation.isDone)
    }

    /// Whether an entity may have become complete with the last token.
    private func hasFound(_ sequence: RunningSequence) -> Bool {
        sequence.job.countAnswered()
            || sequence.continuation.settled?.ids.last == model.tokenizer.specials.endObject
                && sequence.job.generations.count == 1
    }

    /// What a job of one prompt has written so far and will not take back.
    func settled(_ job: BatchJob) -> Generation? {
        job.generations[0] ?? running.first { $0.job === job }?.continuation.settled
    }

    /// Ends the jobs that are answered.
    func answer() {
        for job in jobs where job.pending == 0 && job.open == 0 && job.picture?.known != nil {
            end(job, .success(output(job)))
        }
    }

    private func output(_ job: BatchJob) -> JobOutput {
        var output = JobOutput(
            generations: job.generations.compactMap(\.self),
            promptTokens: encoder.prefix.count + job.job.prompts.reduce(0) { $0 + $1.count })
        output.warnings += job.job.warnings(job.plan)
        return output
    }
}
