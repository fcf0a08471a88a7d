// SPDX-License-Identifier: MIT

/// A read-only view of a tensor as it is stored, typically in a memory-mapped checkpoint: little-endian,
/// contiguous, row-major, in any element type.
///
/// `@unchecked Sendable` holds because the bytes are never written after the view is made, and `owner` keeps
/// them alive for as long as any view of them exists.
public struct StoredTensor: @unchecked Sendable {
    public let elementType: ElementType
    public let shape: Shape

    /// `shape.count * elementType.byteCount` bytes; aligned to the element unless the file packs it otherwise.
    public let bytes: UnsafeRawBufferPointer

    private let owner: AnyObject

    /// - Precondition: `bytes` has exactly the size that shape and type ask for, and `owner` keeps it alive.
    public init(elementType: ElementType, shape: Shape, bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        precondition(
            bytes.count == shape.count * elementType.byteCount,
            "stored tensor: \(bytes.count) bytes for \(elementType.rawValue) \(shape)")
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
        self.owner = owner
    }

    /// The same bytes under another shape.
    /// - Precondition: as many elements.
    public func reshaped(_ shape: Shape) -> StoredTensor {
        StoredTensor(elementType: elementType, shape: shape, bytes: bytes, owner: owner)
    }

    /// Some of the first axis's entries, in place.
    /// - Precondition: rank 1 or more, and the range lies within the first axis.
    public func rows(_ range: Range<Int>) -> StoredTensor {
        precondition(
            shape.rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
        let size = shape[0] == 0 ? 0 : bytes.count / shape[0]
        return StoredTensor(
            elementType: elementType, shape: Shape([range.count] + shape.extents.dropFirst()),
            bytes: UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * size..<range.upperBound * size]),
            owner: owner)
    }
}
