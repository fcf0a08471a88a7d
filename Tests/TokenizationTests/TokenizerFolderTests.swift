// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Tokenization

@Suite("Tokenizer folders", .enabled(if: TokenizerFolder.available, "no model folder is here"))
struct TokenizerFolderTests {
    private static let model = "sentencepiece.bpe.model"
    private static let added = "added_tokens.json"
    private static let configuration = "tokenizer_config.json"

    /// What a damaged copy of a folder is refused with; `nil` when it is taken.
    private func refusal(_ folder: String, _ change: (URL) throws -> Void) throws -> String? {
        var message: String?
        try TokenizerFolder.withCopy(folder, change: change) { copy in
            do throws(TokenizerError) {
                _ = try Tokenizer(folder: copy)
            } catch {
                message = error.message
                #expect(!error.message.contains(copy), "a message may travel; no path of this machine is in it")
            }
        }
        return message
    }

    private func rewrite(_ file: URL, _ change: (inout [String: Int]) -> Void) throws {
        var ids = try JSONDecoder().decode([String: Int].self, from: Data(contentsOf: file))
        change(&ids)
        try JSONEncoder().encode(ids).write(to: file)
    }

    @Test("the layout follows the folder's own SentencePiece model", arguments: TokenizerFolder.all)
    func layout(folder: String) throws {
        let tokenizer = try Tokenizer(folder: folder)
        let specials = tokenizer.specials
        let fixed = [specials.bos, specials.pad, specials.eos, specials.unknown]
        #expect(fixed == [0, 1, 2, 3])
        #expect(tokenizer.vocabularySize - specials.mask == 1 + 11 + 1024)
        let tags = "<image></image><phrase></phrase><object></object></delimiter_of_multi_objects/><grounding>"
        let expected = [
            specials.image, specials.endImage, specials.phrase, specials.endPhrase, specials.object,
            specials.endObject, specials.delimiter, specials.grounding,
        ]
        #expect(tokenizer.encode(tags) == expected)
        let corners = [specials.patchIndices.lowerBound, specials.patchIndices.upperBound - 1]
        #expect(tokenizer.encode("<patch_index_0000><patch_index_1023>") == corners)
        #expect(tokenizer.token(tokenizer.vocabularySize) == nil && tokenizer.token(-1) == nil)
        #expect(tokenizer.decode([-1, Int.max, Int.min, tokenizer.vocabularySize]).isEmpty)
    }

    @Test("without added_tokens.json the ids of tokenizer_config.json are taken", arguments: TokenizerFolder.all)
    func configuration(folder: String) throws {
        #expect(
            try refusal(folder) { try FileManager.default.removeItem(at: $0.appendingPathComponent(Self.added)) } == nil
        )
        let neither = try refusal(folder) { copy in
            for file in [Self.added, Self.configuration] {
                try FileManager.default.removeItem(at: copy.appendingPathComponent(file))
            }
        }
        #expect(neither?.contains(Self.added) == true)
        let damaged = try refusal(folder) { copy in
            try FileManager.default.removeItem(at: copy.appendingPathComponent(Self.added))
            try Data("{}".utf8).write(to: copy.appendingPathComponent(Self.configuration))
        }
        #expect(damaged?.contains(Self.configuration) == true)
    }

    @Test("a SentencePiece model that is missing, empty, cut short or something else", arguments: TokenizerFolder.all)
    func models(folder: String) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + Self.model))
        let replacements: [Data?] = [
            nil, Data(), Data("hello".utf8), Data(repeating: 0, count: 4096), Data(repeating: 0xFF, count: 4096),
            bytes.prefix(1), bytes.prefix(bytes.count / 2), bytes.dropLast(),
        ]
        for replacement in replacements {
            let message = try refusal(folder) { copy in
                let file = copy.appendingPathComponent(Self.model)
                try FileManager.default.removeItem(at: file)
                try replacement?.write(to: file)
            }
            #expect(message?.contains(Self.model) == true, "\(replacement?.count ?? -1) bytes")
        }
    }

    @Test("a SentencePiece model with fewer pieces than the three that every one has", arguments: TokenizerFolder.all)
    func fewPieces(folder: String) throws {
        // <unk> and <s>, as sentencepiece_model.proto has them: field 1, a piece of text, score and kind.
        let two = Data(base64Encoded: "Cg4KBTx1bms+FQAAAAAYAgoMCgM8cz4VbmZrYxIA")!
        let message = try refusal(folder) { try two.write(to: $0.appendingPathComponent(Self.model)) }
        #expect(message?.contains("2 pieces") == true, "\(message ?? "taken")")
    }

    @Test("a SentencePiece model with any byte changed is refused, or works", arguments: TokenizerFolder.all)
    func damage(folder: String) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + Self.model))
        for step in 0..<12 {
            var damaged = bytes
            damaged[bytes.count * step / 12] ^= 0x55
            try TokenizerFolder.withCopy(
                folder, change: { try damaged.write(to: $0.appendingPathComponent(Self.model)) },
                body: { copy in
                    guard let tokenizer = try? Tokenizer(folder: copy) else { return }
                    let ids = tokenizer.encode("<grounding>An image of ﬁne ①\u{301} <phrase> dogs")
                    #expect(ids.allSatisfy { (0..<tokenizer.vocabularySize).contains($0) })
                })
        }
    }

    @Test("tags that are not where the pieces end", arguments: TokenizerFolder.all)
    func tags(folder: String) throws {
        let broken: [(String, (inout [String: Int]) -> Void)] = [
            ("<phrase>", { $0["<phrase>"] = nil }),
            ("<patch_index_0512>", { $0["<patch_index_0512>"] = nil }),
            ("<object>", { $0["<object>"]! += 1 }),
            (
                "<patch_index_0007>",
                { ids in
                    (ids["<patch_index_0007>"], ids["<patch_index_0008>"]) =
                        (ids["<patch_index_0008>"], ids["<patch_index_0007>"])
                }
            ),
            ("</doc>", { ids in for key in ids.keys { ids[key]! += 100 } }),
        ]
        for (tag, change) in broken {
            let message = try refusal(folder) { try rewrite($0.appendingPathComponent(Self.added), change) }
            #expect(message?.contains(tag) == true && message?.contains(Self.added) == true, "\(tag): \(message ?? "")")
        }
        for text in ["", "[]", "{\"<phrase>\": \"x\"}", "{"] {
            let message = try refusal(folder) { try Data(text.utf8).write(to: $0.appendingPathComponent(Self.added)) }
            #expect(message?.contains(Self.added) == true)
        }
    }
}
