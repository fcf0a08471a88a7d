// SPDX-License-Identifier: MIT

public import Checkpoints
public import Foundation
import Grounding
import Kosmos2
import Tokenization

/// Runs a model as the reference's recorder does and says what happened, in the recorder's own form.
///
/// For comparing two implementations number by number. The names of the tensors and the keys of the document are those
/// of the reference recordings; source: `Kosmos2ForConditionalGeneration` and `Kosmos2Processor` of transformers 5.23.
///
/// The rows of a batch are run one by one, so that each gives what it gives alone: `greedy` then agrees with
/// `rows_alone`. The reference counts padding into the positions of shorter rows, and its own `greedy` of such a batch
/// differs. `input_ids` and the masks are padded on the left as the reference's. A tensor whose shape is not the same
/// in all rows is left out: those named `text.*` where prompts differ in length, those named `logits.steps_*` where
/// answers do.
///
/// Texts are tokenized as the reference does with a model's folder, which splits them at blanks: an empty prompt is a
/// lone "▁" behind `</image>`.
public enum ReferenceForward {
    /// - Returns: the tensors, by name, and the UTF-8 of the JSON document, which a recording carries as `golden` in
    ///   its metadata.
    /// - Throws: `TaskError` where the request is at fault, and what opening the model throws.
    public static func run(
        _ request: ReferenceForwardRequest
    ) throws -> (entries: [SafetensorsWriter.Entry], golden: Data) {
        try request.validate()
        let model = try Kosmos2Model(
            checkpoint: Checkpoint(folder: request.modelFolder), threads: request.threads, precision: request.precision,
            cache: request.cacheFolder)
        let rows = try request.texts.indices.map { try ReferenceRow(request, row: $0, model: model) }
        let golden = try ReferenceDocument(request, rows: rows, specials: model.tokenizer.specials).encoded()
        return (RecordedTensors.stacked(rows.map(\.tensors)), golden)
    }
}
