// SPDX-License-Identifier: MIT
import Foundation
import Tokenization

extension FuzzTarget {
    /// A tokenizer's files: refused, or every text becomes tokens of the vocabulary.
    ///
    /// An input is a `sentencepiece.bpe.model`; its `added_tokens.json` is made to fit the number of pieces.
    static let pieces = FuzzTarget(
        "pieces", longest: 2048, runs: 1500, words: ["\u{2581}", "nmt_nfkc", "<unk>", "<s>", "</s>"],
        seeds: PiecesTarget.seeds, check: PiecesTarget.check)
}

private enum PiecesTarget {
    private static let tags = [
        "</doc>", "<image>", "</image>", "</chunk>", "</line>", "<phrase>", "</phrase>", "<object>", "</object>",
        "</delimiter_of_multi_objects/>", "<grounding>",
    ]

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let small = [("a", -1.0), ("\u{2581}", -2), ("\u{2581}an", -3), ("an", -2.5), ("é", -4), ("漢", -5)]
        let letters =
            "abcdefghijklmnopqrstuvwxyz.,?".map { (String($0), -3.0) } + [("\u{2581}", -2), ("\u{2581}the", -4)]
        return [
            ("small", model(small)), ("letters", model(letters)), ("mapped", model(letters, map: characterMap)),
            ("none", model([])), ("empty-map", model(small, map: [])),
        ]
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let folder = ScratchFolder()
        folder.write(input, to: "sentencepiece.bpe.model")
        folder.write(Array(addedTokens(after: pieces(in: input)).utf8), to: "added_tokens.json")
        let tokenizer: Tokenizer
        do throws(TokenizerError) {
            tokenizer = try Tokenizer(folder: folder.path)
        } catch {
            try promise(!error.message.isEmpty, "an error says why")
            try PublicText.check(error.message, quoting: input)
            try promise(!error.message.contains(folder.path), "an error names no folder", error.message)
            return false
        }
        for text in ["", "an A", "<grounding> the e\u{301} <phrase>ﬁne ①</phrase> 漢字", "\u{2581}\0\u{10FFFF}"] {
            for ids in [tokenizer.encode(text), tokenizer.encodePlain(text)] {
                try promise(
                    ids.allSatisfy { (0..<tokenizer.vocabularySize).contains($0) }, "tokens are tokens", "\(ids)")
                _ = tokenizer.decode(ids)
            }
        }
        return true
    }

    /// How many fields of number 1 a message has: its pieces, unless it is damaged.
    private static func pieces(in message: [UInt8]) -> Int {
        var (count, place) = (0, 0)
        while place + 1 < message.count, message[place] == 0x0A || message[place] == 0x12 || message[place] == 0x1A {
            if message[place] == 0x0A { count += 1 }
            var (length, shift) = (0, 0)
            place += 1
            while place < message.count, shift < 28 {
                length |= Int(message[place] & 0x7F) << shift
                shift += 7
                place += 1
                if message[place - 1] < 0x80 { break }
            }
            place += length
        }
        return count
    }

    private static func addedTokens(after pieces: Int) -> String {
        let patches = (0..<1024).map { index in
            "<patch_index_" + String(repeating: "0", count: 4 - String(index).count) + "\(index)>"
        }
        let first = pieces + 2
        return "{" + (tags + patches).enumerated().map { "\"\($1)\":\(first + $0)" }.joined(separator: ",") + "}"
    }

    // MARK: - A model by hand: sentencepiece_model.proto

    private static func model(_ words: [(String, Double)], map: [UInt8]? = nil) -> [UInt8] {
        let pieces: [(String, Double, UInt8?)] =
            [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3)] + words.map { ($0.0, $0.1, nil) }
        var bytes = pieces.flatMap { text, score, kind in
            let weight = withUnsafeBytes(of: Float(score).bitPattern.littleEndian) { Array($0) }
            return field(1, field(1, Array(text.utf8)) + [0x15] + weight + (kind.map { [0x18, $0] } ?? []))
        }
        // The unigram model; ids of the specials are the standard ones.
        bytes += field(2, [0x18, 1])
        return bytes + field(3, field(1, Array("nmt_nfkc".utf8)) + (map.map { field(2, $0) } ?? []))
    }

    private static func field(_ number: UInt8, _ body: [UInt8]) -> [UInt8] {
        let length =
            body.count < 0x80 ? [UInt8(body.count)] : [UInt8(body.count & 0x7F | 0x80), UInt8(body.count >> 7)]
        return [number << 3 | 2] + length + body
    }

    /// A double-array trie that maps `A` to `a`, and nothing else.
    private static let characterMap: [UInt8] = {
        var units = [UInt32](repeating: 0, count: 0x81)
        units[0x41] = 0xC1 << 10 | 1 << 8 | 0x41
        units[0x80] = 0x8000_0000
        let trie = units.flatMap { unit in withUnsafeBytes(of: unit.littleEndian) { Array($0) } }
        let size = withUnsafeBytes(of: UInt32(trie.count).littleEndian) { Array($0) }
        return size + trie + Array("a\0".utf8)
    }()
}
