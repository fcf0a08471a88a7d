// SPDX-License-Identifier: MIT

/// Which expression an English prompt wants the box of, if it wants one.
///
/// Suites that grade models ask in sentences of their own, and KOSMOS-2 does not follow instructions: the expression is taken out,
/// and the model is asked in its own way. VLMEvalKit's and lmms-eval's RefCOCO prompts are among the tests.
package enum ReferringPrompt {
    /// - Returns: `nil` for a prompt that asks for no box.
    package static func expression(in prompt: String) -> String? {
        guard asksForBox(prompt) else { return nil }
        let candidates = [marked(in: prompt), quoted(in: prompt), afterCue(in: prompt)]
        return candidates.compactMap { $0.map(trimmed) }.first { !$0.isEmpty }
    }

    /// Words with which a box is asked for.
    private static let boxWords = ["bounding box", "bbox", "bounding_box", "coordinates", "[x1", "(x1", "xyxy"]

    private static func asksForBox(_ prompt: String) -> Bool {
        let text = prompt.lowercased()
        return boxWords.contains { text.contains($0) }
    }

    /// `<ref>the left cat</ref>`, `<p>...</p>`.
    private static func marked(in prompt: String) -> String? {
        for tag in ["ref", "p", "phrase"] {
            if let start = prompt.firstRange(of: "<\(tag)>"),
                let end = prompt[start.upperBound...].firstRange(of: "</\(tag)>")
            {
                return String(prompt[start.upperBound..<end.lowerBound])
            }
        }
        return nil
    }

    /// The longest text in quotes.
    private static func quoted(in prompt: String) -> String? {
        let pairs: [(Character, Character)] = [("\"", "\""), ("\u{201C}", "\u{201D}"), ("`", "`")]
        let found = pairs.flatMap { open, close -> [Substring] in
            var texts: [Substring] = []
            var rest = prompt[...]
            while let start = rest.firstIndex(of: open) {
                rest = rest[rest.index(after: start)...]
                guard let end = rest.firstIndex(of: close) else { break }
                texts.append(rest[..<end])
                rest = rest[rest.index(after: end)...]
            }
            return texts
        }
        return found.max { $0.count < $1.count }.map(String.init)
    }

    /// What stands before the expression, the most telling first; after it comes the end of the sentence or line.
    private static let cues = [
        "sentence describes:", "referring expression:", "expression:", "description:", "phrase:", "object:",
        "region this sentence describes:", "bounding box of the object described as", "bounding box for",
        "bounding box of",
        "bbox of", "bbox for", "coordinates of", "coordinates for", "locate",
    ]

    private static func afterCue(in prompt: String) -> String? {
        let lowered = prompt.lowercased()
        // Lowering may change the length of a text in other scripts; then no cue of these is trusted.
        guard lowered.utf8.count == prompt.utf8.count else { return nil }
        for cue in cues {
            guard let range = lowered.lastRange(of: cue) else { continue }
            let offset = lowered.utf8.distance(from: lowered.startIndex, to: range.upperBound)
            let rest = prompt[prompt.utf8.index(prompt.startIndex, offsetBy: offset)...]
            return String(untilEnd(rest))
        }
        return nil
    }

    private static func untilEnd(_ text: Substring) -> Substring {
        let text = text.drop { $0 == " " || $0 == ":" || $0 == "\n" }
        var end = text.startIndex
        while end < text.endIndex, !isEnd(text[end...]) { end = text.index(after: end) }
        return text[..<end]
    }

    /// A line's end, or a sentence's: what goes on with a small letter or a number was an abbreviation.
    private static func isEnd(_ text: Substring) -> Bool {
        guard let first = text.first else { return true }
        if first.isNewline { return true }
        guard first == "." || first == "?" || first == "!" else { return false }
        let rest = text.dropFirst()
        guard let next = rest.first, !next.isNewline else { return true }
        return next == " " && !(rest.dropFirst().first.map { $0.isLowercase || $0.isNumber } ?? false)
    }

    private static func trimmed(_ text: String) -> String {
        let edges: Set<Character> = [" ", "\n", "\t", "\"", "'", ".", ":", ",", "\u{201C}", "\u{201D}"]
        var text = text[...].drop { edges.contains($0) }
        while let last = text.last, edges.contains(last) { text.removeLast() }
        return String(text)
    }
}

extension StringProtocol {
    fileprivate func lastRange(of text: String) -> Range<Index>? {
        var found: Range<Index>?
        var rest = self[startIndex...]
        while let range = rest.firstRange(of: text) {
            found = range
            rest = self[range.upperBound...]
        }
        return found
    }
}
