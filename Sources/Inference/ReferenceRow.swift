// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Imaging
import Kosmos2
import Tensors
import Tokenization

/// One row of a recording: a picture, a prompt, and all that the model makes of them.
struct ReferenceRow {
    let prompt: [Int]
    /// Keyed `plain` or `ngram3`, in the order of recording.
    private(set) var greedy: [(mode: String, answer: GreedyRecord)] = []
    private(set) var beam: [(mode: String, answer: BeamRecord)] = []
    private(set) var tensors = RecordedTensors()

    /// Every how many ids one logit of a step is recorded.
    private static let sampleStride = 97
    /// How many of the largest logits of a step are recorded as tensors.
    private static let topTensors = 32

    init(_ request: ReferenceForwardRequest, row: Int, model: Kosmos2Model) throws {
        let encoder = PromptEncoder(model.tokenizer, imageTokens: model.imageTokens)
        // Behind the picture the processor writes a blank, then the text; a model's folder splits it at blanks.
        let text = " " + (try Self.prompt(request, row))
        prompt = encoder.prefix + model.tokenizer.encode(text, splitting: .blanks)
        let capacity = prompt.count + request.maxNewTokens
        guard capacity <= model.contextTokens else {
            throw TaskError(violations: [
                FieldViolation(
                    "texts[\(row)]",
                    "asks for \(prompt.count) prompt and \(request.maxNewTokens) new tokens; the model's context holds "
                        + "\(model.contextTokens)")
            ])
        }
        var recorded = RecordedTensors()
        let pixels = try Self.pixels(request, row, side: model.imageSide)
        recorded.add("pixel_u8", [model.imageSide, model.imageSide, 3], bytes: pixels)
        let image = model.encodeImage(Preprocessor.normalize(pixels, side: model.imageSide)) { recorded.add($0, $1) }
        let cache = model.makeCache(capacity: capacity)
        let logits = model.prefill(
            tokens: prompt, image: (embeddings: image, at: PromptEncoder.imagePosition), cache: cache
        ) { recorded.add($0, $1) }
        recorded.add("logits.prompt_last", [logits.count], floats: logits)
        tensors = recorded
        try generate(request, model, prefilled: cache, logits: logits, capacity: capacity)
    }

    private static func prompt(_ request: ReferenceForwardRequest, _ row: Int) throws -> String {
        do {
            let boxes =
                try request.boxes.isEmpty ? nil : request.boxes[row].map { json throws in try PhraseBoxes(json: json) }
            return try ProcessorPrompt(request.texts[row], boxes: boxes ?? PhraseBoxes([])).text
        } catch let error as PhraseBoxError {
            throw TaskError(violations: [FieldViolation("bboxes[\(row)]", error.description)])
        }
    }

    /// The squashed picture, `[side, side, 3]`.
    private static func pixels(_ request: ReferenceForwardRequest, _ row: Int, side: Int) throws -> [UInt8] {
        do {
            let mode: DecodingMode = request.decodesLikeReference ? .reference : .boxwood
            return Preprocessor.squash(try ImageDecoder.decode(request.images[row].bytes, mode: mode), side: side)
        } catch {
            throw TaskError(violations: [FieldViolation("images[\(row)]", error.message)])
        }
    }

    /// Greedily and with beams, with and without the rule against repeated runs.
    private mutating func generate(
        _ request: ReferenceForwardRequest, _ model: Kosmos2Model, prefilled: KeyValueCache, logits: [Float],
        capacity: Int
    ) throws {
        for size in request.noRepeatNgram == 0 ? [0] : [0, request.noRepeatNgram] {
            let mode = size == 0 ? "plain" : "ngram\(size)"
            let plan = GenerationPlan(
                maxNewTokens: request.maxNewTokens, noRepeatNgram: size, endOfText: model.tokenizer.specials.eos)
            func cache() -> KeyValueCache {
                let cache = model.makeCache(capacity: capacity)
                cache.copy(from: prefilled)
                return cache
            }
            let recording = RecordingModel(model, first: logits)
            let generation = try Generator(recording).run(
                [.init(prompt: prompt, cache: cache(), logits: logits)], plan: plan)[0]
            if size == 0 { addSteps(recording.logits) }
            greedy.append(
                (mode, GreedyRecord(generation.ids, prompt: prompt, logits: recording.logits, plan, model.tokenizer)))
            guard request.beams > 0 else { continue }
            let found = try BeamSearch(model, width: request.beams, plan: plan).run(
                .init(prompt: prompt, cache: cache(), logits: logits), capacity: capacity)
            beam.append((mode, BeamRecord(found.map(\.ids), found.map(\.score), prompt: prompt, model.tokenizer)))
        }
    }

    private mutating func addSteps(_ logits: [[Float]]) {
        let sampled = logits.map { step in stride(from: 0, to: step.count, by: Self.sampleStride).map { step[$0] } }
        tensors.add("logits.steps_sampled", [logits.count, sampled[0].count], floats: sampled.flatMap(\.self))
        let top = logits.map { TopLogits($0, count: Self.topTensors).ids }
        let extents = [logits.count, top[0].count]
        tensors.add("logits.steps_top_ids", extents, integers: top.flatMap { $0.map(Int32.init) })
        tensors.add(
            "logits.steps_top_values", extents, floats: zip(logits, top).flatMap { step, ids in ids.map { step[$0] } })
    }
}
