// SPDX-License-Identifier: MIT

import Foundation

/// KOSMOS-2's tokenizer: SentencePiece's unigram model under fairseq's numbering, and the tags.
///
/// Follows the tokenizer of transformers 5.23: the text between two tags is split at Unicode white space, each word is
/// normalised and encoded with its own "▁" in front. So white space at the end of a text, or alone between tags, gives
/// nothing, and `"<grounding> An"` and `"<grounding>An"` encode alike.
public final class Tokenizer: Sendable {
    public let specials: SpecialTokens
    public let vocabularySize: Int

    private let model: SentencePiece
    private let unigram: Unigram
    private let tagIDs: [String: Int]
    /// The tokens that decode as themselves: specials and tags.
    private let texts: [Int: String]

    /// The file that makes a folder a tokenizer's.
    public static let piecesFile = SentencePiece.fileName
    /// fairseq puts `<pad>` between SentencePiece's `<s>` and `</s>`, which moves every piece up by one.
    private static let fairseqOffset = 1
    /// `<unk>`, `<s>` and `</s>`, which every model begins with: with fewer the tags would take their ids.
    private static let leastPieces = 3
    private static let metaspace = Array("\u{2581}".utf8)

    /// - Parameter folder: holds `sentencepiece.bpe.model`, and `added_tokens.json` or `tokenizer_config.json`.
    /// - Throws: `TokenizerError` when a file is missing or damaged, or the two disagree.
    public init(folder: String) throws(TokenizerError) {
        model = try SentencePiece(path: folder + "/" + Self.piecesFile)
        guard model.pieces.count >= Self.leastPieces else {
            throw TokenizerError(
                "\(Self.piecesFile) has \(model.pieces.count) pieces; <unk>, <s> and </s> alone are \(Self.leastPieces)"
            )
        }
        unigram = Unigram(model.pieces)
        let mask = model.pieces.count + Self.fairseqOffset
        specials = SpecialTokens(mask: mask)
        vocabularySize = specials.patchIndices.upperBound
        var tags = Dictionary(uniqueKeysWithValues: SpecialTokens.tags.enumerated().map { ($1, mask + 1 + $0) })
        for index in 0..<SpecialTokens.patchIndexCount {
            tags[SpecialTokens.patchIndex(index)] = specials.patchIndexBase + index
        }
        for (id, text) in ["<s>", "<pad>", "</s>", "<unk>"].enumerated() { tags[text] = id }
        tags["<mask>"] = mask
        tagIDs = tags
        texts = Dictionary(uniqueKeysWithValues: tags.map { ($1, $0) })
        try AddedTokens(folder: folder).check(against: specials)
    }

    /// The ids of a text whose tags count as tags: for prompts that the service itself wrote, or raw ones.
    public func encode(_ text: String, splitting: WordSplitting = .whiteSpace) -> [Int] {
        var ids: [Int] = []
        var rest = Substring(text)
        while let (range, id) = nextTag(in: rest) {
            let text = splitting.text(rest[..<range.lowerBound], beforeSpecial: id <= specials.unknown)
            ids += encodePlain(text, splitting)
            ids.append(id)
            rest = rest[range.upperBound...]
        }
        return ids + encodePlain(rest, splitting)
    }

    /// The ids of a text in which nothing is a tag: `</s>` or `<object>` typed by a caller become ordinary pieces.
    public func encodePlain(_ text: some StringProtocol, _ splitting: WordSplitting = .whiteSpace) -> [Int] {
        let normalised = String(decoding: model.characterMap.apply(to: text), as: UTF8.self)
        return splitting.words(normalised.unicodeScalars).flatMap { word in
            unigram.encode(Self.metaspace + word.utf8Bytes).map { $0.map(fairseq) ?? specials.unknown }
        }
    }

    /// The text of an id list, tags written out; ids outside the vocabulary are dropped.
    /// - Parameter skippingSpecialTokens: drops `<s>`, `<pad>`, `</s>`, `<unk>` and `<mask>`, but no tags.
    public func decode(_ ids: [Int], skippingSpecialTokens: Bool = false) -> String {
        var text = ""
        var isFirst = true
        for id in ids {
            if skippingSpecialTokens, id <= specials.unknown || id == specials.mask { continue }
            guard let token = token(id) else { continue }
            // The blank in front of the very first token was put there by encoding.
            let blank = isFirst ? "" : " "
            text += String(token.unicodeScalars.replacing("\u{2581}".unicodeScalars, with: blank.unicodeScalars))
            isFirst = false
        }
        return Self.tidied(text)
    }

    /// The blanks that English does not write, taken out as transformers' `clean_up_tokenization` does: scalar by
    /// scalar, in this order.
    private static func tidied(_ text: String) -> String {
        let rules = [
            (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
            (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
        ]
        return String(
            rules.reduce(text.unicodeScalars) { $0.replacing($1.0.unicodeScalars, with: $1.1.unicodeScalars) })
    }

    /// The spelling of one id, "▁" included; `nil` outside the vocabulary.
    public func token(_ id: Int) -> String? {
        if let text = texts[id] { return text }
        guard (specials.unknown + 1..<specials.mask).contains(id) else { return nil }
        return String(decoding: model.pieces[id - Self.fairseqOffset].text, as: UTF8.self)
    }

    /// SentencePiece's 0, 1, 2 are `<unk>`, `<s>`, `</s>`; everything else moves up by one.
    private func fairseq(_ piece: Int) -> Int {
        piece < 3 ? [specials.unknown, specials.bos, specials.eos][piece] : piece + Self.fairseqOffset
    }

    /// The first tag of a text; at one place the longest.
    private func nextTag(in text: Substring) -> (Range<Substring.Index>, Int)? {
        var start = text.startIndex
        let scalars = text.unicodeScalars
        while let open = scalars[start...].firstIndex(of: "<") {
            if let close = closingBracket(after: open, in: scalars) {
                let end = scalars.index(after: close)
                if let id = tagIDs[String(scalars[open..<end])] { return (open..<end, id) }
            }
            start = scalars.index(after: open)
        }
        return nil
    }

    /// The ">" that could end a tag opened at `open`: none holds another "<", and none is longer than the longest tag.
    private func closingBracket(
        after open: Substring.Index, in scalars: Substring.UnicodeScalarView
    ) -> Substring.Index? {
        var index = scalars.index(after: open)
        for _ in 0..<40 {
            guard index < scalars.endIndex, scalars[index] != "<" else { return nil }
            if scalars[index] == ">" { return index }
            index = scalars.index(after: index)
        }
        return nil
    }
}

extension Substring.UnicodeScalarView {
    /// The UTF-8 of these scalars.
    fileprivate var utf8Bytes: [UInt8] { Array(Substring(self).utf8) }
}
