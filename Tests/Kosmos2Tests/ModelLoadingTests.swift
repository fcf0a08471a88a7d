// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Kosmos2
import Tensors
import Testing

/// Which tensors a folder must hold, may hold and must not hold.
@Suite("Loading a model", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct ModelLoadingTests {
    private func code(_ folder: ChangedModel) throws -> (CheckpointError.Code, String) {
        let error = try #require(throws: CheckpointError.self) { _ = try folder.load() }
        return (error.code, error.message)
    }

    @Test("A tensor that is missing is named", arguments: ["text_model.model.layers.1.self_attn.inner_attn_ln.weight"])
    func missing(name: String) throws {
        let (code, message) = try code(ChangedModel(weights: { $0.removeAll { $0.name == name } }))
        #expect(code == .missingTensor)
        #expect(message.contains(name))
    }

    @Test("A tensor of another shape is named with both shapes")
    func misshapen() throws {
        let name = "image_to_text_projection.dense.bias"
        let (code, message) = try code(
            ChangedModel(weights: {
                $0.removeAll { $0.name == name }
                $0.append(.init(name: name, shape: [127], values: [Float](repeating: 0, count: 127)))
            }))
        #expect(code == .misshapenTensor)
        #expect(message.contains(name) && message.contains("[127]") && message.contains("[128]"))
    }

    @Test("A tensor that has no place is refused")
    func extra() throws {
        let (code, message) = try code(
            ChangedModel(weights: { $0.append(.init(name: "text_model.model.rotary", shape: [1], values: [0])) }))
        #expect(code == .extraTensor)
        #expect(message.contains("text_model.model.rotary"))
    }

    @Test("A layer beyond the configuration's is refused, and one too few is missing")
    func layers() throws {
        let less = try code(ChangedModel(configuration: { $0.replacing("\"layers\": 3", with: "\"layers\": 2") }))
        #expect(less.0 == .extraTensor && less.1.contains("layers.2."))
        let more = try code(ChangedModel(configuration: { $0.replacing("\"layers\": 3", with: "\"layers\": 4") }))
        #expect(more.0 == .missingTensor && more.1.contains("layers.3."))
    }

    @Test("The tied head under its alias and the positions that older versions saved are passed over")
    func tolerated() throws {
        let changed = try ChangedModel(weights: { entries in
            let embedding = entries.first { $0.name == "text_model.model.embed_tokens.weight" }
            if var head = embedding {
                head.name = "text_model.lm_head.weight"
                entries.append(head)
            }
            entries.append(
                .init(
                    name: "vision_model.model.embeddings.position_ids", elementType: .int64, shape: [1, 65],
                    bytes: Data(count: 65 * 8)))
        })
        let cache = try changed.load().makeCache(capacity: 4)
        let (plain, other) = (try NanoModel.load(), try changed.load())
        let again = plain.makeCache(capacity: 4)
        #expect(other.prefill(tokens: [0, 5, 6], cache: cache) == plain.prefill(tokens: [0, 5, 6], cache: again))
    }

    @Test("A tokenizer with more tokens than the model has rows is refused")
    func vocabulary() throws {
        let rows = try NanoModel.load().configuration.text.vocabulary
        let (code, message) = try code(
            ChangedModel(configuration: {
                $0.replacing("\"vocab_size\": \(rows)", with: "\"vocab_size\": \(rows - 1)")
            }))
        #expect(code == .configuration)
        #expect(message.contains("\(rows)") && message.contains("\(rows - 1)"))
    }
}
