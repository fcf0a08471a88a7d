// SPDX-License-Identifier: MIT

import Kosmos2
import Tensors

/// A model that keeps the raw logits of each step of one sequence, for recordings.
final class RecordingModel<Model: SequenceModel>: SequenceModel {
    private let model: Model
    /// `[V]` for each step; those of the prompt's last position are the first.
    private(set) var logits: [[Float]]

    init(_ model: Model, first: [Float]) {
        self.model = model
        logits = [first]
    }

    func makeCache(capacity: Int?) -> Model.Cache {
        model.makeCache(capacity: capacity)
    }

    func step(tokens: [Int], caches: [Model.Cache], _ part: HeadPart) -> Logits {
        precondition(tokens.count == 1, "recording: a step of \(tokens.count) sequences")
        let result = model.step(tokens: tokens, caches: caches, .all)
        logits.append(result.values.array)
        return result
    }
}
