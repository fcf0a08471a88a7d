// SPDX-License-Identifier: MIT

/// What an engine does next for those who are not decoding yet, and how much of it before the next token: a pure value.
///
/// Work is done in slices. While sequences decode, one slice comes between two of their tokens, so a newcomer delays them
/// by no more than that. What has waited together is computed together, within bounds: a layer reads its weights once for
/// all of it. Prompts and pictures take turns, so that neither a stream of pictures nor a job of many prompts keeps the
/// other waiting.
package struct AdmissionPolicy: Sendable {
    /// What waits, and for what.
    package struct Waiting: Sendable, Equatable {
        /// Pictures whose bytes are to be decoded.
        package var files = 0
        /// Pictures for the vision tower.
        package var pixels = 0
        /// Pictures whose part of the prompt is to be prefilled.
        package var prefixes = 0
        /// Whether a prompt could begin now.
        package var hasPrompt = false

        package init(files: Int = 0, pixels: Int = 0, prefixes: Int = 0, hasPrompt: Bool = false) {
            (self.files, self.pixels, self.prefixes, self.hasPrompt) = (files, pixels, prefixes, hasPrompt)
        }
    }

    package enum Work: Sendable, Equatable {
        case decodeFile
        /// So many pictures at once.
        case vision(Int)
        case prefix(Int)
        /// As many prompts as fit.
        case prompts
    }

    /// Pictures that go through the vision tower together, and that are kept as pixels.
    package static let pictures = 4
    /// Tokens that are prefilled together; a longer prompt goes alone.
    package static let passTokens = 256
    /// Rows times layers of the vision tower between two tokens.
    package static let visionSlice = 1024
    /// Rows times layers of the decoder between two tokens. Its layers are some four times as large.
    package static let decoderSlice = 256
    /// While nobody decodes a slice only bounds how soon a cancellation is seen.
    package static let idleFactor = 8

    private let prefixTokens: Int
    private var lastWasPrompts = false

    /// - Parameter prefixTokens: of a picture's part of the prompt.
    package init(prefixTokens: Int) {
        self.prefixTokens = prefixTokens
    }

    /// What to begin now; `nil` where nothing waits.
    package mutating func next(_ waiting: Waiting) -> Work? {
        let picture = picture(waiting)
        if waiting.hasPrompt, picture == nil || !lastWasPrompts {
            lastWasPrompts = true
            return .prompts
        }
        lastWasPrompts = false
        return picture
    }

    /// The nearest to its end first, but all files that fit are decoded before the vision tower begins.
    private func picture(_ waiting: Waiting) -> Work? {
        if waiting.prefixes > 0 {
            return .prefix(min(waiting.prefixes, max(1, Self.passTokens / max(1, prefixTokens))))
        }
        if waiting.files > 0, waiting.pixels < Self.pictures { return .decodeFile }
        return waiting.pixels > 0 ? .vision(min(waiting.pixels, Self.pictures)) : nil
    }

    /// The layers of one slice; at least one.
    /// - Parameters:
    ///   - slice: rows times layers.
    ///   - rows: of the pass.
    package static func layers(_ slice: Int, rows: Int, whileDecoding: Bool) -> Int {
        max(1, slice * (whileDecoding ? 1 : idleFactor) / max(1, rows))
    }
}
