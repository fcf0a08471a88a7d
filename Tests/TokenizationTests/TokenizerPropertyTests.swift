// SPDX-License-Identifier: MIT

import Testing
import Tokenization

/// What holds of the tokenizer for any text.
@Suite("Tokenizer, any text", .enabled(if: TokenizerFolder.available, "no model folder is here"))
struct TokenizerPropertyTests {
    private static let pieces = [
        "<s>", "</s>", "<pad>", "<unk>", "<mask>", "<object>", "</object>", "<phrase>", "</phrase>", "<grounding>",
        "<image>", "</image>", "</doc>", "</delimiter_of_multi_objects/>", "<patch_index_0001>", "<patch_index_1023>",
        "<patch_index_", "<", ">", "/", "s", "</", "\u{FF1C}", "\u{FF1E}", "\u{FF1C}s\u{FF1E}", "\u{FE64}", "\u{2581}",
        " ",
        "\t", "\n", "\0", "\u{7F}", "\u{200B}", "\u{301}", "e\u{301}", "\u{1F468}\u{200D}\u{1F469}", "\u{E000}",
        "\u{10FFFF}",
        "An image of", "漢字",
    ]

    /// Loaded once: building the tree of pieces is most of the time.
    private static let tokenizers = Result { try TokenizerFolder.all.map { try Tokenizer(folder: $0) } }

    @Test("no text of a caller becomes a tag or a special token, but for the unknown one", arguments: 0..<6)
    func injection(seed: UInt64) throws {
        var random = Seeded(seed)
        for tokenizer in try Self.tokenizers.get() {
            for _ in 0..<400 {
                let count = Int.random(in: 1...12, using: &random)
                let text = (0..<count).map { _ in Self.pieces.randomElement(using: &random)! }.joined()
                let ids = tokenizer.encodePlain(text)
                #expect(
                    ids.allSatisfy { (tokenizer.specials.unknown..<tokenizer.specials.mask).contains($0) },
                    "\(text.debugDescription)")
            }
        }
    }

    @Test("each tag alone: an id for a prompt, ordinary pieces for a caller's text", arguments: TokenizerFolder.all)
    func eachTag(folder: String) throws {
        let tokenizer = try Tokenizer(folder: folder)
        let ids = Array(0...2) + Array(tokenizer.specials.mask..<tokenizer.vocabularySize)
        for id in ids {
            let tag = try #require(tokenizer.token(id))
            #expect(tokenizer.encode(tag) == [id])
            let plain = tokenizer.encodePlain(tag)
            #expect(!plain.isEmpty && plain.allSatisfy { (3..<tokenizer.specials.mask).contains($0) })
        }
    }

    @Test("a text without \"<\" encodes alike as a prompt and as a caller's text", arguments: 0..<4)
    func plainIsEncode(seed: UInt64) throws {
        var random = Seeded(seed)
        let words = Self.pieces.filter { !$0.contains("<") && $0 != "\u{FF1C}s\u{FF1E}" }
        for tokenizer in try Self.tokenizers.get() {
            for _ in 0..<200 {
                let text = (0..<8).map { _ in words.randomElement(using: &random)! }.joined()
                #expect(tokenizer.encode(text) == tokenizer.encodePlain(text))
            }
        }
    }

    @Test(
        "a megabyte of one thing",
        arguments: [
            "a", " ", "a ", "\u{301}", "e\u{301}", "<", "<s>", "<object>", "<patch_index_", "\u{2581}", "\0", "漢",
            "\u{1F468}\u{200D}", "\u{1F1EB}", "\u{E000}", "\u{AC00}\u{11A8}", "supercalifragilistic",
        ])
    func megabyte(piece: String) throws {
        let count = (1 << 20) / piece.utf8.count
        let text = String(repeating: piece, count: count)
        for tokenizer in try Self.tokenizers.get() {
            for ids in [tokenizer.encode(text), tokenizer.encodePlain(text)] {
                #expect(ids.allSatisfy { (0..<tokenizer.vocabularySize).contains($0) })
                #expect(ids.isEmpty == [" ", "\u{2581}"].contains(piece))
            }
            if piece == "<object>" { #expect(tokenizer.encode(text).count == count) }
        }
    }

    @Test("white space between tags and at the ends gives nothing", arguments: TokenizerFolder.all)
    func blanks(folder: String) throws {
        let tokenizer = try Tokenizer(folder: folder)
        #expect(tokenizer.encode("").isEmpty && tokenizer.encode(" \n\u{3000}").isEmpty)
        #expect(tokenizer.encode(" <grounding> \n<phrase> ") == tokenizer.encode("<grounding><phrase>"))
        #expect(tokenizer.encode("<grounding> a ") == tokenizer.encode("<grounding>a"))
    }
}

/// A small generator with a seed (Steele, Lea and Flood 2014, SplitMix64), so that a failure can be seen again.
private struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
