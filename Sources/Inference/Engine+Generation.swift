// SPDX-License-Identifier: MIT

import Grounding
import Kosmos2
import Tokenization

/// What the prompts of one job gave.
struct JobOutput {
    /// One for each prompt.
    var generations: [Generation]
    var promptTokens: Int
    var warnings: [String] = []
}

extension Engine {
    func plan(_ job: Job, _ maxNewTokens: Int) -> GenerationPlan {
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
                maxNewTokens: maxNewTokens, grammar: grammar, tags: specials, search: search,
                endOfText: specials.eos)
        }
        return GenerationPlan(
            maxNewTokens: maxNewTokens, decoding: job.options.decoding,
            noRepeatNgram: job.options.noRepeatNgram ?? model.generationDefaults.noRepeatNgram,
            grammar: grammar, tags: specials, endOfText: specials.eos)
    }
}
