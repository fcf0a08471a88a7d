// SPDX-License-Identifier: MIT

/// The extents of a tensor, outermost first; `[]` is a scalar.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The extents, each 0 or more.
    public let extents: [Int]

    /// - Precondition: no extent is negative.
    public init(_ extents: [Int]) {
        precondition(extents.allSatisfy { $0 >= 0 }, "shape: negative extent in \(extents)")
        self.extents = extents
    }

    public init(arrayLiteral elements: Int...) {
        self.init(elements)
    }

    /// The number of extents.
    public var rank: Int { extents.count }

    /// The number of elements: the product of the extents, 1 for a scalar.
    /// - Precondition: the product fits `Int`; a shape read from a file is checked before it becomes a `Shape`.
    public var count: Int { extents.reduce(1, *) }

    /// The extent along one axis; negative axes count from the end.
    public subscript(axis: Int) -> Int {
        extents[axis < 0 ? axis + extents.count : axis]
    }

    public var description: String {
        "[" + extents.map(String.init).joined(separator: ", ") + "]"
    }
}
