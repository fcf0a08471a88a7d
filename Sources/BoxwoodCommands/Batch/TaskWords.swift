// SPDX-License-Identifier: MIT
package import Grounding
package import Wire

/// What is said of a task for many pictures: by the command line for all of them, by a line of a list for one.
package struct TaskWords: Sendable, Hashable {
    package enum Word: String, Sendable, CaseIterable {
        case labels, sentence, phrases, caption, expression, question, prompt, box, threshold, tiles
        case detailed, plain, grounded
    }

    package var task: GroundingTask.Name?
    package var labels: [String]?
    package var sentence: String?
    package var phrases: [String]?
    package var caption: String?
    package var expression: String?
    package var question: String?
    package var prompt: String?
    package var box: NormalizedBox?
    package var threshold: Double?
    package var tiles: Tiling?
    package var detailed: Bool?
    package var plain: Bool?
    package var grounded: Bool?

    package init(task: GroundingTask.Name? = nil) { self.task = task }

    /// The words that are there.
    package var given: [Word] {
        let isThere: [Word: Bool] = [
            .labels: labels != nil, .sentence: sentence != nil, .phrases: phrases != nil, .caption: caption != nil,
            .expression: expression != nil, .question: question != nil, .prompt: prompt != nil, .box: box != nil,
            .threshold: threshold != nil, .tiles: tiles != nil, .detailed: detailed != nil, .plain: plain != nil,
            .grounded: grounded != nil,
        ]
        return Word.allCases.filter { isThere[$0] == true }
    }

    /// The words that mean something to a task.
    package static func words(of task: GroundingTask.Name) -> Set<Word> {
        switch task {
        case .caption: [.detailed, .plain]
        case .detect: [.labels, .threshold, .tiles]
        case .ground: [.sentence, .phrases, .threshold]
        case .align: [.caption, .threshold]
        case .refer: [.expression]
        case .describe: [.box]
        case .ask: [.question, .grounded]
        case .generate: [.prompt]
        }
    }

    /// The first word that means nothing to its task.
    package func stranger(to task: GroundingTask.Name) -> Word? {
        given.first { !Self.words(of: task).contains($0) }
    }

    /// These words, and those of `base` where these say nothing.
    package func over(_ base: TaskWords) -> TaskWords {
        var words = self
        words.task = task ?? base.task
        words.labels = labels ?? base.labels
        // The phrases of another sentence are none of this one.
        words.phrases = phrases ?? (sentence == nil ? base.phrases : nil)
        words.sentence = sentence ?? base.sentence
        words.caption = caption ?? base.caption
        words.expression = expression ?? base.expression
        words.question = question ?? base.question
        words.prompt = prompt ?? base.prompt
        words.box = box ?? base.box
        words.threshold = threshold ?? base.threshold
        words.tiles = tiles ?? base.tiles
        words.detailed = detailed ?? base.detailed
        words.plain = plain ?? base.plain
        words.grounded = grounded ?? base.grounded
        return words
    }

    /// What is asked of a picture, found valid. Words that mean nothing to the task are left out.
    /// - Throws: `usage` for a word that is missing, `badInput` for one that no task may hold.
    package func request(_ options: GenerationOptions) throws(CommandFailure) -> TaskRequest {
        guard let task else { throw CommandFailure(.usage, "no task is named; give --task, or \"task\" in the list") }
        var options = options
        let taken = Self.words(of: task)
        options.threshold = taken.contains(.threshold) ? threshold : nil
        options.tiles = taken.contains(.tiles) ? tiles : nil
        let request = TaskRequest(try grounding(task), options)
        let violations = TaskValidation.violations(request.task, request.options)
        guard violations.isEmpty else { throw CommandFailure(violations) }
        return request
    }

    private func grounding(_ task: GroundingTask.Name) throws(CommandFailure) -> GroundingTask {
        switch task {
        case .caption: .caption(detail: detailed == true ? .detailed : .brief, grounded: plain != true)
        case .detect: .detect(labels: try need(labels, .labels, task))
        case .ground: try TaskChoices.ground(try need(sentence, .sentence, task), phrases: phrases ?? [])
        case .align: .align(caption: try need(caption, .caption, task))
        case .refer: .refer(expression: try need(expression, .expression, task))
        case .describe: .describe(box: try need(box, .box, task))
        case .ask: .ask(question: try need(question, .question, task), grounded: grounded == true)
        case .generate: .generate(prompt: try need(prompt, .prompt, task))
        }
    }

    private func need<T>(_ value: T?, _ word: Word, _ task: GroundingTask.Name) throws(CommandFailure) -> T {
        guard let value else {
            throw CommandFailure(.usage, "\(task.rawValue) takes \(word.rawValue), and none is given")
        }
        return value
    }
}
