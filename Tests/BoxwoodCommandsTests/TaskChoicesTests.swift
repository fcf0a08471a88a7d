// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Grounding
import Testing

@Suite("Options to tasks")
struct TaskChoicesTests {
    @Test("A file of labels")
    func labels() {
        #expect(TaskChoices.labels(inFile: "cat\r\n  a red dog \n\n# no\n#x\nc#\n") == ["cat", "a red dog", "c#"])
        #expect(TaskChoices.labels(inFile: "").isEmpty)
    }

    @Test("A box in fractions, and in pixels")
    func box() throws {
        let fractions = try TaskChoices.box("0.1, 0.2,0.5,1")
        #expect(fractions == NormalizedBox(xmin: 0.1, ymin: 0.2, xmax: 0.5, ymax: 1))
        let pixels = try TaskChoices.box("10,20,100,200", pixels: (width: 200, height: 400))
        #expect(pixels == NormalizedBox(xmin: 0.05, ymin: 0.05, xmax: 0.5, ymax: 0.5))
    }

    @Test("What is no box", arguments: ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,,2,3", "nan,0,1,1", "0,0,inf,1"])
    func noBox(_ text: String) {
        #expect(failure { try TaskChoices.box(text) }?.status == .usage)
    }

    @Test("Marked phrases and named ones are the same")
    func ground() throws {
        let marked = try TaskChoices.ground("<phrase>a man</phrase> and <phrase>his dog</phrase>", phrases: [])
        let named = try TaskChoices.ground("a man and his dog", phrases: ["his dog", "a man"])
        #expect(marked == .ground(sentence: "a man and his dog", phrases: [0..<5, 10..<17]))
        #expect(named == marked)
    }

    @Test("A phrase named twice is found twice, in Unicode scalars")
    func repeated() throws {
        let task = try TaskChoices.ground("👩‍👧 a dog, a dog", phrases: ["a dog", "a dog"])
        #expect(task == .ground(sentence: "👩‍👧 a dog, a dog", phrases: [4..<9, 11..<16]))
    }

    @Test(
        "Phrases that are not there",
        arguments: [
            ("a man and his dog", ["a cat"]), ("a dog", ["a dog", "a dog"]), ("a dog", [""]), ("a dog", []),
            ("<phrase>a dog", []), ("<phrase></phrase>", []),
        ])
    func noPhrase(_ sentence: String, _ phrases: [String]) {
        #expect(failure { try TaskChoices.ground(sentence, phrases: phrases) }?.status == .usage)
    }

    @Test("How tokens are chosen")
    func decoding() throws {
        #expect(try TaskChoices.decoding(beams: nil, temperature: nil, topP: nil, seed: nil) == .greedy)
        #expect(try TaskChoices.decoding(beams: 1, temperature: nil, topP: nil, seed: nil) == .greedy)
        #expect(try TaskChoices.decoding(beams: 4, temperature: nil, topP: nil, seed: nil) == .beam(width: 4))
        #expect(
            try TaskChoices.decoding(beams: nil, temperature: 0.7, topP: nil, seed: nil)
                == .sample(temperature: 0.7, topP: 1, seed: 0))
        #expect(
            try TaskChoices.decoding(beams: nil, temperature: 0.7, topP: 0.9, seed: 5)
                == .sample(temperature: 0.7, topP: 0.9, seed: 5))
    }

    @Test("Choices that contradict each other")
    func contradictions() {
        #expect(failure { try TaskChoices.decoding(beams: 2, temperature: 1, topP: nil, seed: nil) }?.status == .usage)
        #expect(
            failure { try TaskChoices.decoding(beams: nil, temperature: nil, topP: 1, seed: nil) }?.status == .usage)
        #expect(failure { try TaskChoices.decoding(beams: 2, temperature: nil, topP: nil, seed: 1) }?.status == .usage)
    }

    @Test(
        "Times",
        arguments: [
            ("30", Duration.seconds(30)), ("0.5", .milliseconds(500)), ("250ms", .milliseconds(250)),
            ("2m", .seconds(120)), ("1.5s", .milliseconds(1500)), ("86400", .seconds(86_400)),
        ])
    func times(_ text: String, _ duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test("What is no time", arguments: ["", "0", "-1", "ms", "1h", "1 s", "nan", "inf", "86401"])
    func noTime(_ text: String) {
        #expect(DurationText.parse(text) == nil)
    }
}

/// What a call throws.
func failure(_ body: () throws -> some Any) -> CommandFailure? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? CommandFailure
    }
}
