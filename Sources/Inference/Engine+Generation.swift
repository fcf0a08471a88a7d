// SPDX-License-Identifier: MIT

import Grounding
import Kosmos2
import Tensors
import Tokenization

/// What the prompts of one job gave.
struct JobOutput {
    /// One for each prompt.
    var generations: [Generation]
    var promptTokens: Int
    var warnings: [String] = []
}

extension Engine {
    typealias Start = Generator<Kosmos2Model>.Start

    func generate(
        _ job: Job, maxNewTokens: Int, picture: Tensor, timing: inout Timing, cancellation: CancellationFlag
    ) throws(TaskError) -> JobOutput {
        job.isPhraseByPhrase
            ? try phrases(job, maxNewTokens, picture, &timing, cancellation)
            : try text(job, maxNewTokens, picture, &timing, cancellation)
    }

    /// Free text: one prompt, prefilled in one piece as the reference does.
    private func text(
        _ job: Job, _ maxNewTokens: Int, _ picture: Tensor, _ timing: inout Timing, _ cancellation: CancellationFlag
    ) throws(TaskError) -> JobOutput {
        var watch = Stopwatch()
        let prompt = encoder.prefix + job.prompts[0]
        let capacity = prompt.count + maxNewTokens
        let cache = model.makeCache(capacity: capacity)
        let logits = model.prefill(
            tokens: prompt, image: (embeddings: picture, at: PromptEncoder.imagePosition), cache: cache)
        timing.prefill = watch.lap()
        let start = Start(prompt: prompt, cache: cache, logits: logits)
        let plan = plan(job, maxNewTokens)
        let generation: Generation
        if let alignment = job.alignment {
            let search = AlignmentSearch(
                model, alignment, plan: plan, width: Self.alignmentWidth, checkpoint: cancellation.check)
            generation = try search.run(start, capacity: capacity)
        } else if case .beam(let width) = job.options.decoding {
            let search = BeamSearch(model, width: width, plan: plan, checkpoint: cancellation.check)
            generation = Self.generation(try search.run(start, capacity: capacity), endOfText: plan.endOfText)
        } else {
            generation = try Generator(model, checkpoint: cancellation.check).run([start], plan: plan)[0]
        }
        timing.generate = watch.lap()
        return JobOutput(
            generations: [generation], promptTokens: prompt.count, warnings: job.warnings(plan))
    }

    /// Phrases: what they share is prefilled once, then they are decoded side by side, a bounded number at a time.
    ///
    /// The shared part is the same however many phrases there are, so a phrase's answer does not depend on the others.
    private func phrases(
        _ job: Job, _ maxNewTokens: Int, _ picture: Tensor, _ timing: inout Timing, _ cancellation: CancellationFlag
    ) throws(TaskError) -> JobOutput {
        var watch = Stopwatch()
        let longest = job.prompts.map(\.count).max() ?? 0
        let capacity = encoder.prefix.count + longest + maxNewTokens
        let shared = model.makeCache(capacity: capacity)
        _ = model.prefill(
            tokens: encoder.prefix, image: (embeddings: picture, at: PromptEncoder.imagePosition), cache: shared)
        timing.prefill = watch.lap()
        let caches = (0..<min(options.batchSize, job.prompts.count)).map { _ in model.makeCache(capacity: capacity) }
        let generator = Generator(model, checkpoint: cancellation.check)
        let plan = plan(job, maxNewTokens)
        var output = JobOutput(
            generations: [], promptTokens: encoder.prefix.count + job.prompts.reduce(0) { $0 + $1.count })
        for first in stride(from: 0, to: job.prompts.count, by: options.batchSize) {
            var starts: [Start] = []
            for (prompt, cache) in zip(job.prompts[first...], caches) {
                try cancellation.check()
                cache.copy(from: shared)
                let logits = model.prefill(tokens: prompt, image: nil, cache: cache)
                starts.append(Start(prompt: encoder.prefix + prompt, cache: cache, logits: logits))
            }
            timing.prefill += watch.lap()
            output.generations += try generator.run(starts, plan: plan)
            timing.generate += watch.lap()
        }
        output.warnings += job.warnings(plan)
        return output
    }

    private func plan(_ job: Job, _ maxNewTokens: Int) -> GenerationPlan {
        let specials = model.tokenizer.specials
        let mode: ObjectGrammar.Mode? =
            switch job.task {
            case .detect, .ground: .boxes
            case .refer: .oneBox
            case .caption, .describe, .ask: .text
            case .align, .generate: nil
            }
        let grammar = mode.map { ObjectGrammar($0, specials: specials) }
        guard !job.isDecodedByGrammar else {
            let search = grammar == nil ? nil : job.leastScore.map { InstanceSearch(least: $0, specials: specials) }
            return GenerationPlan(
                maxNewTokens: maxNewTokens, grammar: grammar, locations: specials.patchIndices, search: search,
                endOfText: specials.eos)
        }
        return GenerationPlan(
            maxNewTokens: maxNewTokens, decoding: job.options.decoding,
            noRepeatNgram: job.options.noRepeatNgram ?? model.generationDefaults.noRepeatNgram,
            grammar: grammar, locations: specials.patchIndices, endOfText: specials.eos)
    }

    private static func generation(_ hypotheses: [BeamSearch<Kosmos2Model>.Hypothesis], endOfText: Int) -> Generation {
        let best = hypotheses[0].ids
        return Generation(ids: best, steps: [], finish: best.last == endOfText ? .stop : .length)
    }
}
