// SPDX-License-Identifier: MIT

package import Grounding
package import Tokenization

/// How one sequence is continued.
package struct GenerationPlan: Sendable {
    package var maxNewTokens: Int
    package var decoding: Decoding
    package var noRepeatNgram: Int
    package var grammar: ObjectGrammar?
    /// The tags and locations, where what the model believes of boxes is wanted.
    package var tags: SpecialTokens?
    /// Whether beliefs among all tokens are wanted where the grammar leaves only tags: that takes the whole head.
    package var comparesWithAll = false
    /// Where boxes of a phrase are looked for down to a least score; `nil` lets the likeliest token decide.
    package var search: InstanceSearch?
    package var endOfText: Int

    package init(
        maxNewTokens: Int, decoding: Decoding = .greedy, noRepeatNgram: Int = 0, grammar: ObjectGrammar? = nil,
        tags: SpecialTokens? = nil, search: InstanceSearch? = nil, endOfText: Int = 2
    ) {
        precondition(maxNewTokens > 0, "generation of \(maxNewTokens) tokens")
        self.maxNewTokens = maxNewTokens
        self.decoding = decoding
        self.noRepeatNgram = noRepeatNgram
        self.grammar = grammar
        self.tags = tags
        self.search = search
        self.endOfText = endOfText
    }
}

/// What was generated for one prompt.
package struct Generation: Sendable, Equatable {
    /// One token and how sure the model was of it, from raw logits.
    package struct Step: Sendable, Equatable {
        /// Among all tokens; only of tags, and inside a box only where that is asked for.
        package var probability: Double?
        /// Among those that the grammar allowed; only of tags and inside a box.
        package var allowedProbability: Double?
        /// Of a location, the `CornerBelief.window` around it; empty for any other token.
        package var window: [Double]

        package init(probability: Double? = nil, allowedProbability: Double? = nil, window: [Double] = []) {
            self.probability = probability
            self.allowedProbability = allowedProbability
            self.window = window
        }
    }

    /// The new tokens, `</s>` included where it came.
    package var ids: [Int] = []
    /// One for each token; empty after a beam search.
    package var steps: [Step] = []
    package var finish: FinishReason = .length

    package init(ids: [Int] = [], steps: [Step] = [], finish: FinishReason = .length) {
        self.ids = ids
        self.steps = steps
        self.finish = finish
    }
}
