// SPDX-License-Identifier: MIT

import Grounding
import Kosmos2
import Tokenization

extension Engine {
    /// How many ways to mark a caption are followed side by side.
    static let alignmentWidth = 4

    /// How the caption of an `align` is copied; `nil` for any other task.
    func alignment(_ task: GroundingTask) throws(TaskError) -> AlignmentGrammar? {
        guard case .align(let caption) = task else { return nil }
        let tokens = CaptionTokens(caption, model.tokenizer)
        guard !tokens.ids.isEmpty else {
            throw TaskError(violations: [FieldViolation("caption", "holds nothing that the model can read")])
        }
        return AlignmentGrammar(tokens, specials: model.tokenizer.specials)
    }

    /// The caller's caption with the phrases that the model chose and placed in the picture.
    func aligned(
        _ caption: String, _ job: Job, _ generations: [Generation], _ assembly: ResultAssembly
    ) -> ResultAssembly.Answer {
        let chosen = job.alignment?.chosen(in: generations[0]) ?? []
        return assembly.grounding(
            sentence: caption, phrases: chosen.map(\.span), boxes: chosen.map { scored($0.boxes, job) })
    }
}

extension AlignmentGrammar {
    /// Refuses a budget in which the caption itself has no place.
    func check(_ options: GenerationOptions, budget: Int) throws(TaskError) {
        guard budget < leastTokens else { return }
        let isAsked = options.maxNewTokens != nil
        throw TaskError(violations: [
            isAsked
                ? FieldViolation("max_new_tokens", "is \(budget); the caption alone takes \(leastTokens)")
                : FieldViolation("caption", "takes \(leastTokens) tokens; the model's context has room for \(budget)")
        ])
    }
}

extension Job {
    /// Whether a grammar leaves no choice but the likeliest of what it allows.
    var isDecodedByGrammar: Bool { isPhraseByPhrase || alignment != nil }

    /// Says which of the caller's choices the task has no use for.
    func warnings(_ plan: GenerationPlan) -> [String] {
        let asked = options.noRepeatNgram ?? plan.noRepeatNgram
        guard plan.decoding != options.decoding || plan.noRepeatNgram != asked else { return [] }
        return [
            "\(task.name.rawValue) decodes boxes by its grammar, greedily: other choices of decoding do not apply"
        ]
    }
}
