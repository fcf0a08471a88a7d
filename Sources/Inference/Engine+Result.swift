// SPDX-License-Identifier: MIT

import Grounding
import Kosmos2
import Tokenization

extension Engine {
    func result(id: String, job ended: BatchJob, output: JobOutput) -> GroundingResult {
        guard let picture = ended.picture?.description else { preconditionFailure("an answer without a picture") }
        let job = ended.job
        let assembly = ResultAssembly(width: picture.width, height: picture.height)
        let answer = answer(job, job.task, output.generations, assembly)
        batcher.counters.promptTokens += output.promptTokens
        if !answer.warnings.isEmpty { batcher.counters.malformedSequences += 1 }
        let usage = Usage(
            promptTokens: output.promptTokens, generatedTokens: output.generations.reduce(0) { $0 + $1.ids.count },
            imageCacheHit: ended.isHit, cachedPromptTokens: ended.cachedPromptTokens)
        return GroundingResult(
            id: id, task: job.task.name, model: identity, image: picture, caption: answer.caption,
            entities: answer.entities,
            text: output.generations.map { text($0.ids) }.joined(separator: "\n"),
            finishReason: output.generations.contains { $0.finish == .length } ? .length : .stop,
            warnings: answer.warnings + output.warnings, usage: usage, timing: ended.timing)
    }

    /// What the result of a job that goes on will begin with; `nil` where nothing is settled yet.
    ///
    /// Of labels and phrases those before the first one without an answer: where an entity lies in the caption depends on all
    /// before it.
    func settledAnswer(_ job: BatchJob) -> ResultAssembly.Answer? {
        guard let picture = job.picture?.description else { return nil }
        let assembly = ResultAssembly(width: picture.width, height: picture.height)
        let answered = job.generations.prefix(job.answered).compactMap(\.self)
        switch job.job.task {
        case .detect(let labels):
            let known = GroundingTask.detect(labels: Array(labels.prefix(answered.count)))
            return answer(job.job, known, answered, assembly)
        case .ground(let sentence, let phrases):
            let known = GroundingTask.ground(sentence: sentence, phrases: Array(phrases.prefix(answered.count)))
            return answer(job.job, known, answered, assembly)
        case .align, .refer: return nil
        case .caption, .describe, .ask, .generate:
            return settled(job).map { answer(job.job, job.job.task, [$0], assembly).upToLooseEnd }
        }
    }

    /// - Parameter task: the job's, or the part of it that these answer.
    private func answer(
        _ job: Job, _ task: GroundingTask, _ generations: [Generation], _ assembly: ResultAssembly
    ) -> ResultAssembly.Answer {
        let boxes = generations.map { scored($0, job) }
        switch task {
        case .detect(let labels):
            return assembly.detection(labels: labels, boxes: boxes)
        case .ground(let sentence, let phrases):
            return assembly.grounding(sentence: sentence, phrases: phrases, boxes: boxes)
        case .align(let caption):
            return aligned(caption, job, generations, assembly)
        case .refer(let expression):
            let whole = 0..<expression.unicodeScalars.count
            return assembly.grounding(sentence: expression, phrases: [whole], boxes: boxes)
        case .ask(_, let isGrounded):
            // The question is the caller's text: it is no part of the answer and is never parsed for tags.
            let answer = parsed(prompt: [], generations[0], boxes[0], assembly)
            return isGrounded ? answer : answer.withoutEntities
        case .caption(_, grounded: false):
            return parsed(prompt: job.prompts[0], generations[0], boxes[0], assembly).withoutEntities
        case .caption, .describe, .generate:
            return parsed(prompt: job.prompts[0], generations[0], boxes[0], assembly)
        }
    }

    private func parsed(
        prompt: [Int], _ generation: Generation, _ boxes: [ScoredBox], _ assembly: ResultAssembly
    ) -> ResultAssembly.Answer {
        let parser = GroundedTextParser(.strict)
        let given = parser.parse(text(prompt)).entities.count
        return assembly.parsed(parser.parse(text(prompt + generation.ids)), given: given, scores: boxes)
    }

    func scored(_ generation: Generation, _ job: Job) -> [ScoredBox] {
        beliefs(generation).map { ScoredBox($0, decoding: job.options.boxDecoding) }
            .filter { $0.score >= job.leastScore ?? 0 }
    }

    /// A beam search keeps no probabilities: nothing is known of its boxes but their tokens.
    func beliefs(_ generation: Generation) -> [BoxBelief] {
        generation.steps.isEmpty ? [] : BoxBelief.all(generation, specials: model.tokenizer.specials)
    }

    private func text(_ ids: [Int]) -> String {
        model.tokenizer.decode(ids, skippingSpecialTokens: true)
    }
}
