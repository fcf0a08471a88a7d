// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Imaging
import Inference
import Kosmos2
import Tensors
import TestSupport
import Testing

/// Every recorded run, from its recorded ids: greedily and with beams, with and without the rule against repeated runs.
@Suite("Generation against the recordings", .enabled(if: Goldens.available, "the recordings are not on this machine"))
struct GenerationGoldenTests {
    /// The reference rounds its scores to six decimals; its own noise is 2.5e-5.
    static let scoreTolerance = 1e-4

    static let modes = [("plain", 0), ("ngram3", 3)]

    @Test("Greedy and beams", arguments: Recording.all)
    func run(entry: Recording.Entry) throws {
        let recording = try Recording(entry)
        let model = try Kosmos2Model(
            checkpoint: Checkpoint(folder: Goldens.path("ckpt/\(entry.checkpoint)")), threads: 2)
        for row in recording.document.input_ids.indices {
            let start = try Start(recording, row: row, model: model)
            for (mode, size) in Self.modes {
                let plan = GenerationPlan(maxNewTokens: recording.document.max_new_tokens, noRepeatNgram: size)
                try greedy(start, plan, recording.document, mode, row)
                // The reference counts a batch's padding into the positions.
                if recording.document.texts.count == 1 { try beams(start, plan, recording.document, mode) }
            }
        }
    }

    /// A prefilled row, to be continued several times.
    private struct Start {
        let model: Kosmos2Model
        let prompt: [Int]
        let capacity: Int
        let cache: KeyValueCache
        let logits: [Float]

        init(_ recording: Recording, row: Int, model: Kosmos2Model) throws {
            self.model = model
            prompt = recording.prompt(row: row)
            capacity = prompt.count + recording.document.max_new_tokens
            cache = model.makeCache(capacity: capacity)
            let bytes = [UInt8](try Goldens.data("images/" + recording.document.images[row]))
            let pixels = Preprocessor.squash(try ImageDecoder.decode(bytes, mode: .reference), side: 224)
            let image = model.encodeImage(Preprocessor.normalize(pixels, side: 224))
            logits = model.prefill(
                tokens: prompt, image: (embeddings: image, at: PromptEncoder.imagePosition), cache: cache)
        }

        func fresh() -> Generator<Kosmos2Model>.Start {
            let copy = model.makeCache(capacity: capacity)
            copy.copy(from: cache)
            return .init(prompt: prompt, cache: copy, logits: logits)
        }
    }

    private func greedy(
        _ start: Start, _ plan: GenerationPlan, _ document: Recording.Document, _ mode: String, _ row: Int
    ) throws {
        let expected = try document.rows_alone?[mode]?[row] ?? #require(document.greedy[mode]?[row].new_ids)
        let ids = try Generator(start.model).run([start.fresh()], plan: plan)[0].ids
        #expect(ids == expected, "\(mode), row \(row)")
    }

    private func beams(
        _ start: Start, _ plan: GenerationPlan, _ document: Recording.Document, _ mode: String
    ) throws {
        guard let width = document.beams else { return }
        let expected = try #require(document.beam?[mode]?.first)
        let found = try BeamSearch(start.model, width: width, plan: plan).run(start.fresh(), capacity: start.capacity)
        #expect(found.map(\.ids) == expected.sequences, "\(mode)")
        for (hypothesis, score) in zip(found, expected.scores) {
            #expect(abs(Double(hypothesis.score) - score) < Self.scoreTolerance, "\(mode)")
        }
    }
}
