// SPDX-License-Identifier: MIT

import Foundation

/// Owned, contiguous, row-major float32 memory: what activations, caches and logits live in.
///
/// The memory is aligned to a cache line and starts as zeros. A tensor has one owner at a time (the engine's
/// thread); it is deliberately not `Sendable`.
public final class Tensor {
    public let shape: Shape

    /// The first element; `shape.count` elements are initialised. Valid for the lifetime of the tensor.
    public let pointer: UnsafeMutablePointer<Float>

    /// The alignment of `pointer` in bytes: one cache line, and the widest vector register.
    public static let alignment = 64

    /// What was allocated; `pointer` is the first aligned place in it.
    private let allocation: UnsafeMutableRawPointer

    /// Allocates zeros. Large tensors take their pages when they are first written, so a cache with room for a long
    /// text costs what is used of it.
    /// - Parameter shape: any shape; an empty one still owns a valid pointer.
    public init(_ shape: Shape) {
        self.shape = shape
        let byteCount = shape.count * MemoryLayout<Float>.stride + Self.alignment
        guard let allocation = calloc(byteCount, 1) else { fatalError("out of memory: tensor \(shape)") }
        self.allocation = allocation
        pointer = allocation.alignedUp(toMultipleOf: Self.alignment).assumingMemoryBound(to: Float.self)
    }

    /// Copies `values` in row-major order.
    /// - Precondition: `values.count == shape.count`.
    public convenience init(_ shape: Shape, _ values: [Float]) {
        precondition(values.count == shape.count, "tensor: \(values.count) values for shape \(shape)")
        self.init(shape)
        pointer.update(from: values, count: values.count)
    }

    deinit {
        free(allocation)
    }

    public var count: Int { shape.count }

    /// All elements, in row-major order.
    public var elements: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: pointer, count: count)
    }

    /// The start of row `index`, the tensor seen as `[count / shape[-1], shape[-1]]`.
    public func row(_ index: Int) -> UnsafeMutablePointer<Float> {
        pointer + index * shape[-1]
    }

    /// A copy of all elements, for tests and recordings.
    public var array: [Float] { Array(elements) }

    /// A tensor of its own with the same contents.
    public func copy() -> Tensor {
        let other = Tensor(shape)
        other.pointer.update(from: pointer, count: count)
        return other
    }
}
