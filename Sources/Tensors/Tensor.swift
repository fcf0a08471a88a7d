// SPDX-License-Identifier: MIT

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

    /// Allocates zeros.
    /// - Parameter shape: any shape; an empty one still owns a valid pointer.
    public init(_ shape: Shape) {
        self.shape = shape
        let byteCount = max(shape.count * MemoryLayout<Float>.stride, Self.alignment)
        let raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: Self.alignment)
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        pointer = raw.assumingMemoryBound(to: Float.self)
    }

    /// Copies `values` in row-major order.
    /// - Precondition: `values.count == shape.count`.
    public convenience init(_ shape: Shape, _ values: [Float]) {
        precondition(values.count == shape.count, "tensor: \(values.count) values for shape \(shape)")
        self.init(shape)
        pointer.update(from: values, count: values.count)
    }

    deinit {
        UnsafeMutableRawPointer(pointer).deallocate()
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
