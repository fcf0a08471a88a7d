// SPDX-License-Identifier: MIT

import Grounding
import Testing

@Suite("Task validation: both sides of every limit")
struct TaskValidationTests {
    private func fields(_ task: GroundingTask, _ options: GenerationOptions = .init()) -> [String] {
        TaskValidation.violations(task, options).map(\.field)
    }

    @Test func labels() {
        #expect(fields(.detect(labels: [])) == ["labels"])
        #expect(fields(.detect(labels: ["cat"])).isEmpty)
        #expect(fields(.detect(labels: ["cat", " "])) == ["labels[1]"])
        #expect(fields(.detect(labels: Array(repeating: "cat", count: TaskLimits.labels))).isEmpty)
        #expect(fields(.detect(labels: Array(repeating: "cat", count: TaskLimits.labels + 1))) == ["labels"])
        #expect(fields(.detect(labels: [String(repeating: "é", count: TaskLimits.labelScalars)])).isEmpty)
        #expect(fields(.detect(labels: [String(repeating: "é", count: TaskLimits.labelScalars + 1)])) == ["labels[0]"])
        #expect(fields(.detect(labels: [String(repeating: "x", count: 10_240)])) == ["labels[0]"])
        #expect(fields(.detect(labels: ["a\0b"])) == ["labels[0]"])
        #expect(fields(.detect(labels: ["<object>", "</s>", "a\tb"])).isEmpty, "tags are plain text, a tab is a blank")
    }

    @Test(arguments: [
        GroundingTask.refer(expression: ""), .align(caption: ""), .align(caption: " \n"), .align(caption: "a\0b"),
        .align(caption: String(repeating: "a", count: TaskLimits.textScalars + 1)),
        .ask(question: " \n", grounded: true), .generate(prompt: ""),
        .refer(expression: String(repeating: "a", count: TaskLimits.textScalars + 1)),
        .ask(question: "\u{7}", grounded: false),
    ])
    func badTexts(task: GroundingTask) {
        #expect(fields(task).count == 1)
    }

    @Test func longestText() {
        #expect(fields(.generate(prompt: String(repeating: "\u{1F600}", count: TaskLimits.textScalars))).isEmpty)
        #expect(fields(.align(caption: String(repeating: "é", count: TaskLimits.textScalars))).isEmpty)
    }

    @Test func phrases() {
        #expect(fields(.ground(sentence: "a dog", phrases: [2..<5])).isEmpty)
        #expect(fields(.ground(sentence: "a dog", phrases: [])) == ["phrases"])
        #expect(fields(.ground(sentence: "a dog", phrases: [2..<6])) == ["phrases[0]"])
        #expect(fields(.ground(sentence: "a dog", phrases: [2..<5, 0..<1])) == ["phrases[1]"])
        #expect(fields(.ground(sentence: "a dog", phrases: [2..<2])) == ["phrases[0]"])
        #expect(fields(.ground(sentence: "a dog", phrases: [1..<2])) == ["phrases[0]"])
    }

    @Test(arguments: [
        ([0.1, 0.1, 0.2, 0.2], true), ([0, 0, 1, 1], true), ([0.2, 0.1, 0.1, 0.2], false), ([0, 0, 1.01, 1], false),
        ([.nan, 0, 1, 1], false), ([-0.01, 0, 1, 1], false), ([0.5, 0.5, 0.5, 0.6], false),
    ])
    func boxes(edges: [Double], allowed: Bool) {
        let box = NormalizedBox(xmin: edges[0], ymin: edges[1], xmax: edges[2], ymax: edges[3])
        #expect(fields(.describe(box: box)).isEmpty == allowed)
    }

    @Test(arguments: [
        (GenerationOptions(maxNewTokens: 0), ["max_new_tokens"]), (GenerationOptions(maxNewTokens: 1), []),
        (GenerationOptions(maxNewTokens: 2048), []), (GenerationOptions(maxNewTokens: 2049), ["max_new_tokens"]),
        (GenerationOptions(decoding: .beam(width: 0)), ["beams"]), (GenerationOptions(decoding: .beam(width: 8)), []),
        (GenerationOptions(decoding: .beam(width: 9)), ["beams"]),
        (GenerationOptions(noRepeatNgram: 0), []), (GenerationOptions(noRepeatNgram: -1), ["no_repeat_ngram"]),
        (GenerationOptions(noRepeatNgram: 32), []), (GenerationOptions(noRepeatNgram: 33), ["no_repeat_ngram"]),
        (GenerationOptions(decoding: .sample(temperature: 0, topP: 1, seed: 0)), ["temperature"]),
        (GenerationOptions(decoding: .sample(temperature: .nan, topP: 1, seed: 0)), ["temperature"]),
        (GenerationOptions(decoding: .sample(temperature: 1, topP: 0, seed: 0)), ["top_p"]),
        (GenerationOptions(decoding: .sample(temperature: 1, topP: 1.001, seed: 0)), ["top_p"]),
        (GenerationOptions(decoding: .sample(temperature: 100, topP: 1, seed: 0)), []),
    ])
    func options(options: GenerationOptions, expected: [String]) {
        #expect(fields(.caption(detail: .brief, grounded: true), options) == expected)
    }

    @Test(arguments: [
        (0.0, true), (0.5, true), (1.0, true), (-0.001, false), (1.001, false), (Double.nan, false),
        (Double.infinity, false),
    ])
    func thresholds(threshold: Double, allowed: Bool) {
        let options = GenerationOptions(threshold: threshold)
        let tasks: [GroundingTask] = [
            .detect(labels: ["cat"]), .ground(sentence: "a cat", phrases: [0..<5]), .align(caption: "a cat"),
        ]
        for task in tasks { #expect(fields(task, options) == (allowed ? [] : ["threshold"])) }
    }

    @Test(arguments: [
        ("auto", true), ("1x1", true), ("8x2", true), ("2x8", true), ("9x1", false), ("1x9", false), ("0x2", false),
        ("4x4", true), ("4x4+1x1", false), ("2x2+3x3", true), ("6x3", false),
    ])
    func tiles(text: String, allowed: Bool) throws {
        let tiling: Tiling = try #require(Tiling(text))
        let options = GenerationOptions(tiles: tiling)
        #expect(fields(.detect(labels: ["cat"]), options) == (allowed ? [] : ["tiles"]))
        #expect(fields(.align(caption: "a cat"), options) == ["tiles"])
        #expect(fields(.refer(expression: "a cat"), options) == ["tiles"])
    }

    @Test func whatIsNoNumberIsNotPrintedBitByBit() {
        let strange = Double(nan: 0x3_FFFF_0000_0081, signaling: false)
        let sampled = GenerationOptions(decoding: .sample(temperature: strange, topP: strange, seed: 0))
        let box = NormalizedBox(xmin: strange, ymin: 0, xmax: 1, ymax: 1)
        let violations =
            TaskValidation.violations(.describe(box: box), sampled)
            + TaskValidation.violations(.detect(labels: ["cat"]), GenerationOptions(threshold: strange))
        #expect(violations.map(\.field) == ["box", "temperature", "top_p", "threshold"])
        #expect(violations.allSatisfy { $0.description.contains("no number") && !$0.description.contains("0x") })
    }

    @Test func onlyTasksThatScoreTakeAThreshold() {
        let tasks: [GroundingTask] = [
            .caption(detail: .brief, grounded: true), .refer(expression: "cat"), .ask(question: "a?", grounded: true),
            .generate(prompt: "a"), .describe(box: NormalizedBox(xmin: 0, ymin: 0, xmax: 1, ymax: 1)),
        ]
        for task in tasks { #expect(fields(task, GenerationOptions(threshold: 0.5)) == ["threshold"]) }
    }
}

@Suite("Marked sentence")
struct MarkedSentenceTests {
    @Test func marks() throws {
        let marked = try MarkedSentence("a man and <phrase>his dög</phrase>, <phrase>a hat</phrase>")
        #expect(marked.sentence == "a man and his dög, a hat")
        #expect(marked.phrases == [10..<17, 19..<24])
    }

    @Test(arguments: [
        "no marks", "<phrase>open", "close</phrase>", "<phrase></phrase>", "<phrase>a<phrase>b</phrase></phrase>",
    ])
    func malformed(text: String) {
        #expect(throws: MarkedSentence.Malformed.self) { try MarkedSentence(text) }
    }
}
