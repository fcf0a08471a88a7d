// SPDX-License-Identifier: MIT
import Foundation
import Grounding

extension FuzzTarget {
    /// What callers write by hand: sentences with marks, boxes for a raw prompt, tiles.
    ///
    /// An input is a text and the boxes for it.
    static let prompts = FuzzTarget(
        "prompts", longest: 1024, runs: 6000, words: PromptsTarget.words, seeds: PromptsTarget.seeds,
        check: PromptsTarget.check)
}

private enum PromptsTarget {
    static let words = [
        "<phrase>", "</phrase>", "\n--\n", "null", "[44, 863]", "[0.1, 0.1, 0.2, 0.2]", "[[", "]]", "1e308", "-0.0",
        "1000000.0", "9223372036854775808", "auto", "2x2", "3x3+1x4", "\u{301}", "\u{1C}",
    ]

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let pairs = [
            ("a <phrase>dog</phrase> and <phrase>his man</phrase>", "[[44, 863], null]"),
            ("<phrase>x</phrase>", "[[[0.1, 0.1, 0.2, 0.2], [7, 99]]]"), ("<grounding>plain", "[]"), ("auto", "null"),
            ("2x2+3x3", "[[-1.5, 0.0, 1e3, 2E-1]]"), ("<phrase>a<phrase>b</phrase>", "[[1, 2]]"),
            ("<phrase></phrase>\n<phrase>c</phrase>", "[[1023, 99999]]"), ("0002x0010", "[[[[[[[[]]]]]]]]"),
        ]
        return pairs.enumerated().map { ("pair-\($0)", Parts.join([Array($1.0.utf8), Array($1.1.utf8)])) }
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let parts = Parts.split(input).map { String(decoding: $0, as: UTF8.self) }
        try checkMarks(parts[0])
        try checkTiles(parts[0])
        guard parts.count > 1 else { return false }
        return try checkBoxes(parts[0], json: parts[1])
    }

    /// Putting the marks back gives what was written.
    private static func checkMarks(_ text: String) throws(BrokenPromise) {
        guard let marked = try? MarkedSentence(text) else { return }
        var written = String.UnicodeScalarView()
        var end = 0
        let scalars = Array(marked.sentence.unicodeScalars)
        for phrase in marked.phrases {
            try promise(phrase.lowerBound >= end && phrase.upperBound <= scalars.count, "phrases are in order", text)
            written += scalars[end..<phrase.lowerBound] + Array("<phrase>".unicodeScalars)
            written += scalars[phrase] + Array("</phrase>".unicodeScalars)
            end = phrase.upperBound
        }
        written += scalars[end...]
        try promise(written.elementsEqual(text.unicodeScalars), "a sentence and its marks are what was written", text)
    }

    private static func checkTiles(_ text: String) throws(BrokenPromise) {
        guard let tiles = Tiling(text) else { return }
        try promise(Tiling(tiles.text) == tiles, "tiles are read as they are written", text)
        let options = GenerationOptions(tiles: tiles)
        guard TaskValidation.violations(.detect(labels: ["x"]), options).isEmpty else { return }
        for (width, height) in [(1, 1), (7, 1000), (1920, 1080)] {
            try promise(
                tiles.tiles(width: width, height: height).count <= TaskLimits.tiles, "tiles keep their limit", text)
        }
    }

    private static func checkBoxes(_ text: String, json: String) throws(BrokenPromise) -> Bool {
        let (boxes, prompt): (PhraseBoxes, ProcessorPrompt)
        do throws(PhraseBoxError) {
            boxes = try PhraseBoxes(json: json)
            prompt = try ProcessorPrompt(text, boxes: boxes)
        } catch {
            try promise(!error.description.isEmpty, "an error says why")
            return false
        }
        let value = try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
        try promise(value != nil, "what is taken for JSON is JSON", json)
        let plain = prompt.text.utf8.count
        let count = boxes.phrases.reduce(0) { $0 + $1.count }
        // Two location tokens for each box, of sixteen characters or more.
        try promise(count == 0 || plain >= 32 * count, "every box is written", prompt.text)
        return true
    }
}
