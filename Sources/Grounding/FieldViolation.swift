// SPDX-License-Identifier: MIT

/// One thing that is wrong with a request: which field, and what about it.
public struct FieldViolation: Sendable, Hashable, CustomStringConvertible {
    /// The field by its name in the protocol, such as `labels[3]`.
    public var field: String
    public var description: String

    public init(_ field: String, _ description: String) {
        self.field = field
        self.description = description
    }
}
