// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Tokenization

/// A greedy continuation in a recording.
struct GreedyRecord: Encodable {
    var newIds: [Int]
    /// The best minus the second raw logit, for each step.
    var top2Gap: [Double]
    /// The eight best ids and their raw logits, for each step.
    var top8: [[TopEntry]]
    var decoded: DecodedRecord
    /// As `top2Gap`, among the tokens that the rule against repeated runs leaves; only where the rule is on.
    var margin: [Double]?
    /// For a row of a batch: filled up with `<pad>` to the longest answer.
    var paddedNewIds: [Int]?

    private static let topCount = 8

    init(_ ids: [Int], prompt: [Int], logits: [[Float]], _ plan: GenerationPlan, _ tokenizer: Tokenizer) {
        let top = logits.map { TopLogits($0, count: Self.topCount).ids }
        newIds = ids
        top2Gap = zip(logits, top).map { Self.gap($0, $1) }
        top8 = zip(logits, top).map { step, ids in ids.map { TopEntry(id: $0, logit: Decimals.six(step[$0])) } }
        decoded = DecodedRecord(ids, prompt: prompt, tokenizer)
        guard plan.noRepeatNgram > 0 else { return }
        margin = logits.enumerated().map { index, step in
            let blocked = NgramBlock.blocked(after: prompt + ids.prefix(index), size: plan.noRepeatNgram)
            return Self.gap(step, TopLogits(step, count: 2, excluding: blocked).ids)
        }
    }

    private static func gap(_ logits: [Float], _ top: [Int]) -> Double {
        top.count < 2 ? 0 : Decimals.six(logits[top[0]] - logits[top[1]])
    }
}

/// An id and its logit, written `[id, logit]`.
struct TopEntry: Encodable {
    var id: Int
    var logit: Double

    func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode(id)
        try list.encode(logit)
    }
}

/// The hypotheses of a beam search in a recording, best first.
struct BeamRecord: Encodable {
    var sequences: [[Int]]
    var scores: [Double]
    /// Of the best.
    var decoded: DecodedRecord

    init(_ sequences: [[Int]], _ scores: [Float], prompt: [Int], _ tokenizer: Tokenizer) {
        self.sequences = sequences
        self.scores = scores.map(Decimals.six)
        decoded = DecodedRecord(sequences[0], prompt: prompt, tokenizer)
    }
}

/// Ids as text, and what the text says.
struct DecodedRecord: Encodable {
    struct Text: Encodable {
        /// With special tokens.
        var raw: String
        /// Without.
        var clean: String
    }

    struct NamedEntity: Encodable {
        var name: String
        var span: [Int]
        var boxes: [[Double]]
    }

    /// The new ids alone.
    var new: Text
    /// Prompt and new ids.
    var full: Text
    var captionRaw: String
    var caption: String
    var entities: [NamedEntity]

    init(_ ids: [Int], prompt: [Int], _ tokenizer: Tokenizer) {
        func text(_ ids: [Int]) -> Text {
            Text(raw: tokenizer.decode(ids), clean: tokenizer.decode(ids, skippingSpecialTokens: true))
        }
        new = text(ids)
        full = text(prompt + ids)
        captionRaw = full.clean.components(separatedBy: Tag.endImage.rawValue).last ?? ""
        let parsed = GroundedTextParser(.reference).parse(full.clean)
        caption = parsed.caption
        entities = parsed.entities.map {
            NamedEntity(name: $0.name, span: [$0.start, $0.end], boxes: $0.boxes.map(\.normalized.array))
        }
    }
}

/// Numbers as a recording writes them.
enum Decimals {
    /// Rounded to six decimals.
    static func six(_ value: Float) -> Double {
        (Double(value) * 1e6).rounded(.toNearestOrEven) / 1e6
    }
}
