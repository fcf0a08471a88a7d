// SPDX-License-Identifier: MIT

import Grounding
import Tensors

/// Continues several sequences, one token of each at a time.
package struct Generator<Model: SequenceModel> {
    /// A sequence that was prefilled: all ids of its prompt, its cache, the raw logits of its last position, `[V]`.
    package struct Start {
        package var prompt: [Int]
        package var cache: Model.Cache
        package var logits: [Float]

        package init(prompt: [Int], cache: Model.Cache, logits: [Float]) {
            self.prompt = prompt
            self.cache = cache
            self.logits = logits
        }
    }

    private struct Running {
        var index: Int
        var logits: [Float]
        var generator: SplitMix64
    }

    private let model: Model
    private let checkpoint: () throws(TaskError) -> Void

    /// - Parameter checkpoint: called before every token; what it throws ends the generation.
    package init(_ model: Model, checkpoint: @escaping () throws(TaskError) -> Void = {}) {
        self.model = model
        self.checkpoint = checkpoint
    }

    /// Greedy or sampled continuations, one for each start, in order.
    ///
    /// Each sequence ends by itself; the others go on in a smaller batch.
    package func run(_ starts: [Start], plan: GenerationPlan) throws(TaskError) -> [Generation] {
        var results = [Generation](repeating: Generation(), count: starts.count)
        var running = starts.enumerated().map {
            Running(index: $0, logits: $1.logits, generator: SplitMix64(seed: plan.seed))
        }
        while true {
            try checkpoint()
            var tokens: [Int] = []
            var next: [Running] = []
            for var sequence in running {
                let token = try choose(&sequence, prompt: starts[sequence.index].prompt, plan, &results[sequence.index])
                guard !plan.ends(&results[sequence.index]) else { continue }
                tokens.append(token)
                next.append(sequence)
            }
            guard !next.isEmpty else { return results }
            let logits = model.step(tokens: tokens, caches: next.map { starts[$0.index].cache })
            for row in next.indices {
                next[row].logits = Array(UnsafeBufferPointer(start: logits.row(row), count: logits.shape[-1]))
            }
            running = next
        }
    }

    private func choose(
        _ sequence: inout Running, prompt: [Int], _ plan: GenerationPlan, _ result: inout Generation
    ) throws(TaskError) -> Int {
        let allowed = plan.allowed(after: result.ids)
        let blocked = NgramBlock.blocked(after: prompt + result.ids, size: plan.noRepeatNgram)
        let (generator, before) = (sequence.generator, result)
        let (token, step, advanced) = sequence.logits.withUnsafeBufferPointer { logits in
            let next = NextToken(logits)
            var generator = generator
            let candidates = plan.candidates(after: before, allowed, blocked: blocked, next)
            let token =
                switch plan.decoding {
                case .sample(let temperature, let topP, _):
                    next.sample(candidates, temperature: temperature, topP: topP, using: &generator)
                case .greedy, .beam: next.greedy(candidates)
                }
            return (token, plan.step(token, allowed, next), generator)
        }
        guard step.probability.isFinite else {
            throw TaskError(.internal, "the model's logits are not finite numbers")
        }
        sequence.generator = advanced
        result.ids.append(token)
        result.steps.append(step)
        return token
    }
}

extension GenerationPlan {
    fileprivate var seed: UInt64 {
        if case .sample(_, _, let seed) = decoding { seed } else { 0 }
    }

    func allowed(after generated: [Int]) -> ObjectGrammar.Allowed {
        grammar?.allowed(after: generated, remaining: maxNewTokens - generated.count) ?? .any
    }

    fileprivate func candidates(
        after result: Generation, _ allowed: ObjectGrammar.Allowed, blocked: [Int], _ next: NextToken
    ) -> [Int] {
        let candidates = next.candidates(allowed, blocked: blocked)
        return search?.narrowed(candidates, after: result, next) ?? candidates
    }

    /// A chosen token with how sure the model was of it.
    func step(_ token: Int, _ allowed: ObjectGrammar.Allowed, _ next: NextToken) -> Generation.Step {
        let all = next.probability(of: token, among: next.all)
        var step = Generation.Step(probability: all, allowedProbability: all)
        if allowed != .any {
            step.allowedProbability = next.probability(of: token, among: next.candidates(allowed, blocked: []))
        }
        if let locations, locations.contains(token) {
            step.window = next.window(around: token, locations: locations, allowed: allowed)
        }
        return step
    }

    /// Whether nothing follows the last token; says why.
    fileprivate func ends(_ result: inout Generation) -> Bool {
        if result.ids.last == endOfText || grammar?.isComplete(result.ids) == true {
            result.finish = .stop
            return true
        }
        return result.ids.count >= maxNewTokens
    }
}
