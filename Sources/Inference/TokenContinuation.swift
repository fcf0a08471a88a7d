// SPDX-License-Identifier: MIT

import Grounding
package import Kosmos2
import Tokenization

/// A greedy or sampled continuation of one prompt.
package final class TokenContinuation<Cache: SequenceCache>: Continuation {
    private let prompt: [Int]
    private let cache: Cache
    private let plan: GenerationPlan
    private var random: SplitMix64
    package private(set) var generation = Generation()
    package private(set) var isDone = false

    /// - Parameters:
    ///   - prompt: all ids, which the rule against repeated runs looks at.
    ///   - cache: holds the prompt, with room for what is planned.
    package init(prompt: [Int], cache: Cache, plan: GenerationPlan) {
        (self.prompt, self.cache, self.plan) = (prompt, cache, plan)
        random = SplitMix64(seed: plan.seed)
    }

    package var settled: Generation? { generation }

    package var wanted: [(token: Int, cache: Cache)] {
        guard !isDone, let token = generation.ids.last else { return [] }
        return [(token, cache)]
    }

    package var part: HeadPart {
        plan.isInBox(after: generation.ids) && !plan.comparesWithAll ? .tags : .all
    }

    package func take(_ logits: LogitRows) throws(TaskError) {
        let next = logits.next(0)
        let allowed = plan.allowed(after: generation.ids)
        let blocked =
            plan.noRepeatNgram == 0 ? [] : NgramBlock.blocked(after: prompt + generation.ids, size: plan.noRepeatNgram)
        let token =
            plan.takesLikeliest
            ? next.greedy(allowed, blocked: blocked)
            : choose(plan.candidates(after: generation, allowed, blocked: blocked, next), next)
        let isInBox = plan.isInBox(after: generation.ids)
        guard next.areFinite(isInBox ? next.candidates(allowed, blocked: []) : nil) else { throw .notFinite }
        generation.steps.append(plan.step(token, allowed, isInBox: isInBox, next))
        generation.ids.append(token)
        isDone = plan.ends(&generation)
    }

    private func choose(_ candidates: [Int], _ next: NextToken) -> Int {
        switch plan.decoding {
        case .sample(let temperature, let topP, _):
            next.sample(candidates, temperature: temperature, topP: topP, using: &random)
        case .greedy, .beam: next.greedy(candidates)
        }
    }
}

extension TaskError {
    /// The model computed something that is no number.
    static var notFinite: TaskError { TaskError(.internal, "the model's logits are not finite numbers") }
}

extension GenerationPlan {
    fileprivate var seed: UInt64 {
        if case .sample(_, _, let seed) = decoding { seed } else { 0 }
    }

    /// Whether nothing but the logits and the rules decides.
    fileprivate var takesLikeliest: Bool { decoding == .greedy && search == nil }

    func allowed(after generated: [Int]) -> ObjectGrammar.Allowed {
        grammar?.allowed(after: generated, remaining: maxNewTokens - generated.count) ?? .any
    }

    /// Whether the grammar leaves nothing but tags and locations, since a box is being written.
    fileprivate func isInBox(after generated: [Int]) -> Bool {
        !generated.isEmpty && allowed(after: generated) != .any
    }

    fileprivate func candidates(
        after result: Generation, _ allowed: ObjectGrammar.Allowed, blocked: [Int], _ next: NextToken
    ) -> [Int] {
        let candidates = next.candidates(allowed, blocked: blocked)
        return search?.narrowed(candidates, after: result, next) ?? candidates
    }

    /// How sure the model was of a chosen token, where that is ever looked at: a sum over all tokens takes as long as a
    /// layer of a small batch.
    /// - Parameter isInBox: whether the grammar leaves tags alone.
    func step(
        _ token: Int, _ allowed: ObjectGrammar.Allowed, isInBox: Bool, _ next: NextToken
    ) -> Generation.Step {
        guard let tags, isInBox || token >= tags.mask else { return Generation.Step() }
        var step = Generation.Step()
        if !isInBox || comparesWithAll { step.probability = next.probability(of: token, among: next.all) }
        step.allowedProbability =
            allowed == .any
            ? step.probability : next.probability(of: token, among: next.candidates(allowed, blocked: []))
        if tags.patchIndices.contains(token) {
            step.window = next.window(around: token, locations: tags.patchIndices, allowed: allowed)
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
