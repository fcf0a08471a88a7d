// SPDX-License-Identifier: MIT
import Tokenization

extension FuzzTarget {
    /// Texts and lists of tokens, with the embedded model's tokenizer: no text of a caller becomes a tag, and what a text
    /// was cut into spells it.
    static let tokens = FuzzTarget(
        "tokens", longest: 512, runs: 3000, words: TokensTarget.words, seeds: TokensTarget.seeds,
        check: TokensTarget.check)
}

private enum TokensTarget {
    static let words = [
        "<s>", "</s>", "<pad>", "<unk>", "<mask>", "<object>", "</object>", "<phrase>", "</phrase>", "<grounding>",
        "<image>", "</image>", "</doc>", "</chunk>", "</line>", "</delimiter_of_multi_objects/>", "<patch_index_0001>",
        "<patch_index_1023>", "<patch_index_", "\u{FF1C}", "\u{FF1E}", "\u{2581}", "\u{3000}", "\u{200B}", "\u{301}",
        "e\u{301}", "\u{1F468}\u{200D}\u{1F469}", "\u{FDFA}", "\u{AC00}\u{11A8}", "\u{10FFFF}", "漢字", "An image of",
    ]

    static let tokenizer = Result { try Tokenizer(folder: ProjectFiles.path("models/boxwood-nano")) }

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let texts = [
            "", "An image of a red square.", "<grounding> An image of<phrase> a dog</phrase>", "it 's , what ? n't !",
            "e\u{301}te\u{301} ﬁne ① ｆｕｌｌ \u{3000}漢字", "<s>hi</s> <mask> <pad>", "Question: how many? Answer:",
            "</s><object><patch_index_0044><patch_index_0863></object>",
        ]
        let ids: [UInt8] = [0, 0, 2, 0, 60, 1, 255, 255, 0, 128, 3, 0]
        return texts.enumerated().map { ("text-\($0)", [0] + Array($1.utf8)) } + [("ids", [1] + ids)]
            + texts.enumerated().dropFirst().map { ("any-\($0)", [2] + Array($1.utf8)) }
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        guard let first = input.first else { return false }
        guard case .success(let tokenizer) = tokenizer else {
            throw BrokenPromise("the embedded model has a tokenizer")
        }
        if first % 2 == 1 {
            try checkIDs(Array(input.dropFirst()), tokenizer)
            return true
        }
        let text = String(decoding: input.dropFirst(), as: UTF8.self)
        try checkText(text, tokenizer)
        return true
    }

    private static func checkText(_ text: String, _ tokenizer: Tokenizer) throws(BrokenPromise) {
        let plain = tokenizer.encodePlain(text)
        let words = tokenizer.specials.unknown..<tokenizer.specials.mask
        try promise(plain.allSatisfy(words.contains), "no text of a caller becomes a tag", "\(plain)")
        let honoured = tokenizer.encode(text)
        try promise(
            honoured.allSatisfy { (0..<tokenizer.vocabularySize).contains($0) }, "tokens are tokens", "\(honoured)")
        if !text.unicodeScalars.contains("<") { try promise(plain == honoured, "only tags make a difference") }
        for ids in [plain, honoured] {
            let written = tokenizer.decode(ids)
            try promise(
                tokenizer.decode(ids, skippingSpecialTokens: true).utf8.count <= written.utf8.count,
                "leaving tokens out makes no text longer")
        }
        _ = tokenizer.encode(text, splitting: .blanks)
        guard !plain.contains(tokenizer.specials.unknown) else { return }
        let spelled = plain.compactMap(tokenizer.token).joined()
        try promise(tokenizer.encodePlain(spelled) == plain, "what tokens spell is cut into them", spelled)
    }

    /// Any numbers at all, far outside the vocabulary too.
    private static func checkIDs(_ bytes: [UInt8], _ tokenizer: Tokenizer) throws(BrokenPromise) {
        let ids = stride(from: 0, to: bytes.count - 1, by: 2).map { place in
            let number = Int(bytes[place]) | Int(bytes[place + 1]) << 8
            return number >= 0xFF00 ? [Int.min, Int.max, -1, tokenizer.vocabularySize][number & 3] : number
        }
        let text = tokenizer.decode(ids)
        try promise(ids.isEmpty == false || text.isEmpty, "no tokens spell nothing")
        let inside = ids.filter { (0..<tokenizer.vocabularySize).contains($0) }
        try promise(tokenizer.decode(inside) == text, "what is no token spells nothing")
        try promise(inside.allSatisfy { tokenizer.token($0) != nil }, "every token has a spelling")
    }
}
