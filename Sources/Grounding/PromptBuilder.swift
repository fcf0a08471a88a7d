// SPDX-License-Identifier: MIT

/// The prompts of each task, in the forms that the model was trained and evaluated on.
///
/// Sources: the model card's examples and demo (`Describe this image in detail:`, `Question: ... Answer:`), and the
/// authors' evaluation scripts for phrase grounding, where the sentence up to the phrase is the context.
public enum PromptBuilder {
    /// The prompts of a task: one, or one for each label or phrase, in the caller's order.
    public static func prompts(for task: GroundingTask) -> [Prompt] {
        switch task {
        case .caption(let detail, let grounded):
            [Prompt(mark(grounded) + [.text(captionText(detail))])]
        case .detect(let labels):
            labels.map(phrasePrompt)
        case .ground(let sentence, let phrases):
            phrases.map { groundPrompt(sentence: sentence, phrase: $0) }
        case .align:
            // The caption is not asked but copied, token by token, from right behind the tag: as pretraining had it.
            [Prompt(mark(true))]
        case .refer(let expression):
            [phrasePrompt(expression)]
        case .describe(let box):
            [describePrompt(box)]
        case .ask(let question, let grounded):
            [Prompt(mark(grounded) + [.text(" Question: \(question) Answer:")])]
        case .generate(let prompt):
            [Prompt([.raw(prompt)])]
        }
    }

    /// The words that a caption goes on from; they are part of the caption, as in the reference.
    public static func captionText(_ detail: CaptionDetail) -> String {
        switch detail {
        case .brief: "An image of"
        case .detailed: "Describe this image in detail:"
        }
    }

    /// How many tokens a task may generate when the caller does not say; for `align` its caption is the bound.
    public static func defaultMaxNewTokens(for task: GroundingTask) -> Int {
        switch task {
        case .caption(.detailed, _): 256
        case .caption, .ask, .describe, .generate: 128
        case .detect, .ground: 48
        case .align: TaskLimits.maxNewTokens.upperBound
        case .refer: 8
        }
    }

    private static func mark(_ grounded: Bool) -> [Prompt.Segment] {
        grounded ? [.tag(.grounding)] : []
    }

    private static func phrasePrompt(_ phrase: String) -> Prompt {
        Prompt([.tag(.grounding), .tag(.phrase), .text(phrase), .tag(.endPhrase)])
    }

    /// The sentence up to the phrase as context. Earlier phrases stand in it as plain words: their boxes are found by
    /// prompts of their own, so one wrong box never misleads the next.
    private static func groundPrompt(sentence: String, phrase: Range<Int>) -> Prompt {
        let scalars = Array(sentence.unicodeScalars)
        let context = String(scalars[..<phrase.lowerBound])
        return Prompt([
            .tag(.grounding), .text(context), .tag(.phrase), .text(String(scalars[phrase])), .tag(.endPhrase),
        ])
    }

    private static func describePrompt(_ box: NormalizedBox) -> Prompt {
        Prompt([
            .tag(.grounding), .tag(.phrase), .text("It"), .tag(.endPhrase),
            .tag(.object), .patches(LocationGrid.clampedPair(box)), .tag(.endObject), .text(" is"),
        ])
    }
}

extension String {
    /// A string of the given scalars.
    init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}
