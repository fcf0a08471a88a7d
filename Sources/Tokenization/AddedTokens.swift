// SPDX-License-Identifier: MIT

import Foundation

/// The ids that a model folder gives to the tags, wherever it says so.
struct AddedTokens {
    /// The file the ids came from, for errors.
    let file: String
    let ids: [String: Int]

    /// Reads `added_tokens.json`; a folder without it says the same in `tokenizer_config.json`.
    init(folder: String) throws(TokenizerError) {
        if let data = Self.data(folder, "added_tokens.json") {
            file = "added_tokens.json"
            guard let ids = try? JSONDecoder().decode([String: Int].self, from: data) else {
                throw TokenizerError("\(file) is not an object of tokens and ids")
            }
            self.ids = ids
        } else if let data = Self.data(folder, "tokenizer_config.json") {
            file = "tokenizer_config.json"
            guard let configuration = try? JSONDecoder().decode(Configuration.self, from: data) else {
                throw TokenizerError("\(file) has no added_tokens_decoder, an object of ids and tokens")
            }
            ids = try configuration.ids(in: file)
        } else {
            throw TokenizerError("added_tokens.json is missing from the model folder, and tokenizer_config.json too")
        }
    }

    /// Every tag must be where the layout puts it after the SentencePiece model; so a folder of another model, or one
    /// put together from two, is noticed before it answers nonsense.
    func check(against specials: SpecialTokens) throws(TokenizerError) {
        let tags = SpecialTokens.tags + (0..<SpecialTokens.patchIndexCount).map(SpecialTokens.patchIndex)
        for (offset, tag) in tags.enumerated() {
            let expected = specials.mask + 1 + offset
            guard let id = ids[tag] else { throw TokenizerError("\(file) lacks \(tag)") }
            guard id == expected else {
                throw TokenizerError(
                    "\(file) gives \(tag) the id \(id); after the pieces of sentencepiece.bpe.model it is \(expected)")
            }
        }
    }

    /// The part of `tokenizer_config.json` that counts here.
    private struct Configuration: Decodable {
        struct Token: Decodable {
            var content: String
        }
        var tokens: [String: Token]

        enum CodingKeys: String, CodingKey {
            case tokens = "added_tokens_decoder"
        }

        func ids(in file: String) throws(TokenizerError) -> [String: Int] {
            var ids: [String: Int] = [:]
            for (key, token) in tokens {
                guard let id = Int(key) else { throw TokenizerError("\(file) has an id that is no number: \(key)") }
                guard ids.updateValue(id, forKey: token.content) == nil else {
                    throw TokenizerError("\(file) gives \(token.content) two ids")
                }
            }
            return ids
        }
    }

    private static func data(_ folder: String, _ file: String) -> Data? {
        try? Data(contentsOf: URL(fileURLWithPath: folder + "/" + file))
    }
}
