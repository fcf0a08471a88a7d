// SPDX-License-Identifier: MIT

package import Grounding
package import Tokenization

/// Prompts to ids: `[<s>, <image>, 64 placeholders, </image>, text...]`.
package struct PromptEncoder: Sendable {
    /// The first placeholder id. The embeddings of the picture overwrite the placeholders, but the rule against
    /// repeated runs sees their ids. Source: processing_kosmos2.py of transformers 5.23.
    private static let firstPlaceholder = 4
    /// Where the picture's embeddings go: after `<s>` and `<image>`.
    package static let imagePosition = 2

    private let tokenizer: Tokenizer
    /// What every prompt starts with, whatever the picture and the text.
    package let prefix: [Int]

    /// - Parameter imageTokens: how many embeddings a picture has; 64 for the published model.
    package init(_ tokenizer: Tokenizer, imageTokens: Int) {
        self.tokenizer = tokenizer
        let specials = tokenizer.specials
        prefix =
            [specials.bos, specials.image]
            + (Self.firstPlaceholder..<Self.firstPlaceholder + imageTokens) + [specials.endImage]
    }

    /// The ids after the prefix.
    package func text(_ prompt: Prompt) -> [Int] {
        prompt.segments.flatMap(ids)
    }

    private func ids(_ segment: Prompt.Segment) -> [Int] {
        switch segment {
        case .tag(let tag): [id(tag)]
        case .text(let text): tokenizer.encodePlain(text)
        case .raw(let text): tokenizer.encode(text)
        case .patches(let pair):
            [pair.upperLeft, pair.lowerRight].map { tokenizer.specials.patchIndexBase + $0 }
        }
    }

    private func id(_ tag: Tag) -> Int {
        let specials = tokenizer.specials
        return switch tag {
        case .image: specials.image
        case .endImage: specials.endImage
        case .grounding: specials.grounding
        case .phrase: specials.phrase
        case .endPhrase: specials.endPhrase
        case .object: specials.object
        case .endObject: specials.endObject
        case .delimiter: specials.delimiter
        }
    }
}
