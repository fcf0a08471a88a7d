// SPDX-License-Identifier: MIT

/// A tokenizer folder that cannot be used; the message names the file and what is wrong with it.
public struct TokenizerError: Error, Hashable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}
