// SPDX-License-Identifier: MIT

/// A sentence whose phrases were marked as in `a man and <phrase>his dog</phrase>`.
public struct MarkedSentence: Sendable, Hashable {
    /// The sentence without the marks.
    public let sentence: String
    /// Where each phrase stands, in Unicode scalars of `sentence`.
    public let phrases: [Range<Int>]

    /// What is wrong with the marks.
    public struct Malformed: Error, Hashable, CustomStringConvertible {
        public let description: String
    }

    /// - Throws: `Malformed` when a mark is unclosed, nested or empty, or there is none.
    public init(_ marked: String) throws(Malformed) {
        let open = Array(Tag.phrase.rawValue.unicodeScalars)
        let close = Array(Tag.endPhrase.rawValue.unicodeScalars)
        var rest = Array(marked.unicodeScalars)[...]
        var text: [Unicode.Scalar] = []
        var phrases: [Range<Int>] = []
        var start: Int?
        while let scalar = rest.first {
            if rest.starts(with: open) {
                guard start == nil else { throw Malformed(description: "a <phrase> inside a <phrase>") }
                start = text.count
                rest = rest.dropFirst(open.count)
            } else if rest.starts(with: close) {
                guard let begin = start else { throw Malformed(description: "a </phrase> without a <phrase>") }
                guard begin < text.count else { throw Malformed(description: "an empty <phrase></phrase>") }
                phrases.append(begin..<text.count)
                start = nil
                rest = rest.dropFirst(close.count)
            } else {
                text.append(scalar)
                rest = rest.dropFirst()
            }
        }
        guard start == nil else { throw Malformed(description: "a <phrase> without its </phrase>") }
        guard !phrases.isEmpty else {
            throw Malformed(description: "no phrase is marked; write <phrase>...</phrase> around the words to find")
        }
        sentence = String(text)
        self.phrases = phrases
    }
}
