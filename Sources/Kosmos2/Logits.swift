// SPDX-License-Identifier: MIT

public import Tensors

/// Which tokens a step gives logits for.
public enum HeadPart: Sendable {
    /// The whole vocabulary.
    case all
    /// The tags and locations, which end the vocabulary, and perhaps a few tokens before them.
    case tags
}

/// Raw logits of the last tokens of a vocabulary, often of all of it.
public struct Logits {
    /// `[rows, tokens]`.
    public let values: Tensor
    /// The first token that there is a logit for.
    public let firstToken: Int

    /// - Parameter values: `[rows, tokens]`, of the tokens from `firstToken` to the vocabulary's end.
    public init(_ values: Tensor, firstToken: Int = 0) {
        (self.values, self.firstToken) = (values, firstToken)
    }
}
