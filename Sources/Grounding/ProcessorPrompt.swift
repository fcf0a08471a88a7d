// SPDX-License-Identifier: MIT

/// A raw prompt with boxes written behind its phrases, as the reference's processor writes it.
///
/// For comparing with the reference; the service's own prompts come from `PromptBuilder`. Source: `Kosmos2Processor`
/// of transformers 5.23: blanks at the ends go, and behind the n-th `<phrase>...</phrase>` comes
/// `<object> A B </delimiter_of_multi_objects/> C D </object>` with the n-th element's boxes, nothing where it has none.
public struct ProcessorPrompt: Sendable, Hashable {
    /// The prompt, tags and all: what follows `</image>`. An index off the grid is spelled out and is then no tag.
    public let text: String

    /// The same, for encoding: its tags count.
    public var prompt: Prompt { Prompt([.raw(text)]) }

    /// - Throws: `PhraseBoxError` when boxes are given for more or fewer phrases than there are, or one is inverted.
    public init(_ text: String, boxes: PhraseBoxes = PhraseBoxes([])) throws(PhraseBoxError) {
        let scalars = PythonBlank.strip(Array(text.unicodeScalars))
        guard !boxes.phrases.isEmpty else {
            self.text = String(scalars)
            return
        }
        let ends = Self.phraseEnds(scalars)
        guard ends.count == boxes.phrases.count else {
            throw PhraseBoxError(.count(phrases: ends.count, boxes: boxes.phrases.count))
        }
        var result = ""
        var start = 0
        for (end, list) in zip(ends, boxes.phrases) {
            result += String(scalars[start..<end]) + (try Self.object(list))
            start = end
        }
        self.text = result + String(scalars[start...])
    }

    private static func object(_ boxes: [PhraseBoxes.Box]) throws(PhraseBoxError) -> String {
        guard !boxes.isEmpty else { return "" }
        var pairs: [String] = []
        for box in boxes {
            let pair = try patches(box)
            pairs.append(Tag.patchIndex(pair.upperLeft) + " " + Tag.patchIndex(pair.lowerRight))
        }
        let list = pairs.joined(separator: " \(Tag.delimiter.rawValue) ")
        return "\(Tag.object.rawValue) \(list) \(Tag.endObject.rawValue)"
    }

    private static func patches(_ box: PhraseBoxes.Box) throws(PhraseBoxError) -> PatchPair {
        switch box {
        case .patches(let upperLeft, let lowerRight):
            return PatchPair(upperLeft: upperLeft, lowerRight: lowerRight)
        case .corners(let box):
            guard box.array.allSatisfy({ abs($0) <= PhraseBoxes.largestCoordinate }) else {
                throw PhraseBoxError(.tooLarge)
            }
            guard box.xmin < box.xmax, box.ymin < box.ymax else { throw PhraseBoxError(.corners) }
            return LocationGrid.pair(box)
        }
    }

    /// Where each `<phrase>...</phrase>` ends: at least one scalar inside, on one line, up to the first `</phrase>`.
    ///
    /// Any scalars will do inside, another `<phrase>` or an immediate `</phrase>` too, as in the reference's expression.
    private static func phraseEnds(_ scalars: [Unicode.Scalar]) -> [Int] {
        let open = Array(Tag.phrase.rawValue.unicodeScalars)
        let close = Array(Tag.endPhrase.rawValue.unicodeScalars)
        // From the back: where the next `</phrase>` of the line begins. Searching anew for each tag would be quadratic.
        var nextClose = [Int?](repeating: nil, count: scalars.count + 1)
        for index in scalars.indices.reversed() {
            let isClose = scalars[index] == "<" && scalars[index...].starts(with: close)
            nextClose[index] = isClose ? index : scalars[index] == "\n" ? nil : nextClose[index + 1]
        }
        var ends: [Int] = []
        var index = 0
        while index < scalars.count {
            let inside = index + open.count
            if scalars[index] == "<", scalars[index...].starts(with: open), inside < scalars.count,
                scalars[inside] != "\n", let end = nextClose[inside + 1]
            {
                index = end + close.count
                ends.append(index)
            } else {
                index += 1
            }
        }
        return ends
    }
}
