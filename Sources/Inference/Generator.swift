// SPDX-License-Identifier: MIT

/// Continues several prompts side by side, to their ends.
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

    private let model: Model

    package init(_ model: Model) {
        self.model = model
    }

    /// Greedy or sampled continuations, one for each start, in order.
    package func run(_ starts: [Start], plan: GenerationPlan) throws(TaskError) -> [Generation] {
        var continuations: [TokenContinuation<Model.Cache>] = []
        for start in starts {
            let continuation = TokenContinuation(prompt: start.prompt, cache: start.cache, plan: plan)
            try continuation.take(LogitRows(start.logits))
            continuations.append(continuation)
        }
        try model.run(continuations)
        return continuations.map(\.generation)
    }
}
