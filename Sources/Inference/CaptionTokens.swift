// SPDX-License-Identifier: MIT

package import Tokenization

/// A caption as the model's tokens, and where each of its words lies, in the tokens and in the caption.
///
/// The caption is cut at white space and each piece encoded by itself, which is how the tokenizer does it anyway: so a
/// word's place in the caller's own text is known, whatever normalisation makes of its characters.
package struct CaptionTokens: Sendable, Equatable {
    /// What a phrase may begin or end with: letters and whatever else is no punctuation at a word's edge.
    package struct Word: Sendable, Equatable {
        /// Its place in `ids`.
        package var tokens: Range<Int>
        /// Its place in the caption, in Unicode scalars.
        package var span: Range<Int>
    }

    package private(set) var ids: [Int] = []
    /// In order; none for a run of nothing but punctuation.
    package private(set) var words: [Word] = []

    package init(_ caption: String, _ tokenizer: Tokenizer) {
        let scalars = Array(caption.unicodeScalars)
        var start = 0
        while start < scalars.count {
            let end = scalars[start...].firstIndex(where: Self.isBlank) ?? scalars.count
            if start < end { append(scalars[start..<end], tokenizer) }
            start = end + 1
        }
    }

    private mutating func append(_ run: ArraySlice<Unicode.Scalar>, _ tokenizer: Tokenizer) {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: run)
        let tokens = tokenizer.encodePlain(String(text))
        let first = ids.count
        ids += tokens
        guard !tokens.isEmpty, let word = Self.trimmed(run) else { return }
        let edges = Self.edges(of: tokens, spelling: run, tokenizer)
        if let begin = edges.firstIndex(of: word.lowerBound), let end = edges.lastIndex(of: word.upperBound),
            begin < end
        {
            words.append(Word(tokens: first + begin..<first + end, span: word))
        } else {
            // A token spans the edge between word and punctuation, or normalisation changed the characters.
            words.append(Word(tokens: first..<ids.count, span: run.indices))
        }
    }

    /// A run without the punctuation around it; `nil` where nothing is left.
    private static func trimmed(_ run: ArraySlice<Unicode.Scalar>) -> Range<Int>? {
        guard let first = run.firstIndex(where: { !isPunctuation($0) }),
            let last = run.lastIndex(where: { !isPunctuation($0) })
        else { return nil }
        return first..<last + 1
    }

    /// Where each token begins in the caption, and where the last one ends; empty where the tokens do not spell the run.
    private static func edges(
        of tokens: [Int], spelling run: ArraySlice<Unicode.Scalar>, _ tokenizer: Tokenizer
    ) -> [Int] {
        var edges = [run.startIndex]
        var spelled: [Unicode.Scalar] = []
        for token in tokens {
            spelled += (tokenizer.token(token) ?? "").unicodeScalars.filter { $0 != metaspace }
            edges.append(run.startIndex + spelled.count)
        }
        return spelled.elementsEqual(run) ? edges : []
    }

    /// What the tokenizer puts in front of a word, and takes for a blank in a text.
    private static let metaspace: Unicode.Scalar = "\u{2581}"

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || scalar == metaspace
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            true
        default: false
        }
    }
}
