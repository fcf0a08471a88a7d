// SPDX-License-Identifier: MIT

/// Runs one beam search to its end.
package struct BeamSearch<Model: SequenceModel> {
    private let model: Model
    private let width: Int
    private let plan: GenerationPlan

    package init(_ model: Model, width: Int, plan: GenerationPlan) {
        precondition(width > 0, "beam search of width \(width)")
        self.model = model
        self.width = width
        self.plan = plan
    }

    /// At most `width` hypotheses, best first.
    /// - Parameter capacity: of each beam's cache, as that of the start's.
    package func run(_ start: Generator<Model>.Start, capacity: Int) throws(TaskError) -> [BeamHypothesis] {
        let search = BeamContinuation(
            prompt: start.prompt, cache: start.cache,
            spare: (1..<width).map { _ in model.makeCache(capacity: capacity) }, plan: plan)
        try search.take(LogitRows(start.logits))
        try model.run([search])
        return search.finished
    }
}
