// SPDX-License-Identifier: MIT

/// What a caller asks of one picture.
///
/// A task is a pure value. `PromptBuilder` turns it into the prompts that the model was trained on; the parser
/// turns the generated text back into a `GroundingResult`.
public enum GroundingTask: Sendable, Hashable {
    /// Say what is in the picture. `grounded` marks phrases and their boxes.
    case caption(detail: CaptionDetail, grounded: Bool)

    /// Find every instance of each label. Labels are plain text, at least one.
    case detect(labels: [String])

    /// Find the given phrases of a sentence. Each range counts Unicode scalars of `sentence`; in order, disjoint,
    /// none empty.
    case ground(sentence: String, phrases: [Range<Int>])

    /// Find what a caption speaks of. The model chooses the phrases; the caption itself stays as it is.
    case align(caption: String)

    /// Find the one best box for a referring expression.
    case refer(expression: String)

    /// Say what is inside a box.
    case describe(box: NormalizedBox)

    /// Answer a question. `grounded` marks phrases and their boxes in the answer.
    case ask(question: String, grounded: Bool)

    /// Continue a raw prompt; tags in it are honoured. For people who know the model.
    case generate(prompt: String)

    /// The stable name used on the wire, in results and as the verb of the command line.
    public enum Name: String, Sendable, Hashable, CaseIterable {
        case caption, detect, ground, align, refer, describe, ask, generate
    }

    public var name: Name {
        switch self {
        case .caption: .caption
        case .detect: .detect
        case .ground: .ground
        case .align: .align
        case .refer: .refer
        case .describe: .describe
        case .ask: .ask
        case .generate: .generate
        }
    }
}

/// How much a caption says: `brief` is one sentence, `detailed` a paragraph.
public enum CaptionDetail: String, Sendable, Hashable, CaseIterable {
    case brief, detailed
}

/// How the next token is chosen.
public enum Decoding: Sendable, Hashable {
    /// Always the likeliest token.
    case greedy

    /// Beam search; the best of `width` hypotheses by mean log-probability.
    case beam(width: Int)

    /// Random draws: `temperature` > 0, `topP` in (0, 1], reproducible by `seed`.
    case sample(temperature: Double, topP: Double, seed: UInt64)
}

/// How the two location tokens of a box become its corners.
public enum BoxDecoding: String, Sendable, Hashable, CaseIterable {
    /// Each corner where the model expects it, among the chosen cell and its neighbours.
    case refined

    /// The chosen cells alone, as the reference implementation decodes them.
    case reference
}

/// The choices of generation that a caller may make for any task.
public struct GenerationOptions: Sendable, Hashable {
    /// The least score of a box of `detect` when the caller does not say: near the best F1 on scenes that the embedded
    /// model never saw (docs/decisions/0007-box-scores.md).
    public static let detectThreshold = 0.6

    /// The most tokens to generate per prompt; `nil` takes the task's own default.
    public var maxNewTokens: Int?
    public var decoding: Decoding
    /// No run of this many tokens occurs twice; 0 switches the rule off, `nil` leaves it to the checkpoint
    /// (`no_repeat_ngram_size`). Tasks whose tokens a grammar chooses have no use for it.
    public var noRepeatNgram: Int?
    /// For `detect`, `ground` and `align`: the least score of a box, in 0...1. `nil` takes `detectThreshold` for
    /// `detect`; for the other two it lets the likeliest token decide what is in the picture, and keeps every box.
    public var threshold: Double?
    public var boxDecoding: BoxDecoding
    /// For `detect`: looks at tiles of the picture as well; `nil` at the whole picture only.
    public var tiles: Tiling?

    public init(
        maxNewTokens: Int? = nil, decoding: Decoding = .greedy, noRepeatNgram: Int? = nil, threshold: Double? = nil,
        boxDecoding: BoxDecoding = .refined, tiles: Tiling? = nil
    ) {
        self.maxNewTokens = maxNewTokens
        self.decoding = decoding
        self.noRepeatNgram = noRepeatNgram
        self.threshold = threshold
        self.boxDecoding = boxDecoding
        self.tiles = tiles
    }
}
