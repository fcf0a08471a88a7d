// SPDX-License-Identifier: MIT

public import Tensors

/// Reads a large buffer with all threads: what the machine's memory gives, as a bound for products of few rows.
public struct MemoryProbe {
    private let buffer: Tensor

    private typealias Lanes = SIMD16<UInt32>

    /// How many lanes are summed side by side, so that no read waits for the sum before it.
    private static let streams = 4

    /// - Parameter byteCount: of the buffer, rounded down to whole strides; larger than every cache, or a cache is
    ///   measured.
    public init(byteCount: Int) {
        let stride = Self.streams * MemoryLayout<Lanes>.size
        precondition(byteCount >= stride, "memory probe: \(byteCount) bytes")
        buffer = Tensor([byteCount / stride, stride / MemoryLayout<Float>.size])
        // Pages that were never written are all the same page of zeros. Each thread writes those that it will read.
        let (pointer, width) = (buffer.pointer, buffer.shape[1])
        ThreadTeam.split(buffer.shape[0]) { rows in
            (pointer + rows.lowerBound * width).update(repeating: 1, count: rows.count * width)
        }
    }

    public var byteCount: Int { buffer.count * MemoryLayout<Float>.size }

    /// Reads every byte once.
    /// - Returns: whether the bytes were those written; asking keeps the reading from being optimised away.
    public func read() -> Bool {
        let threads = ThreadTeam.threads
        let isWhole = Tensor([threads])
        let (base, count) = (UnsafeRawPointer(buffer.pointer), buffer.shape[0])
        ThreadTeam.split(threads) { parts in
            for part in parts {
                let strides = count * part / threads..<count * (part + 1) / threads
                isWhole.pointer[part] = Self.holdsOnes(base, strides) ? 1 : 0
            }
        }
        return isWhole.elements.allSatisfy { $0 == 1 }
    }

    /// Adds up the bits of all elements and says whether they are the sum of so many ones.
    private static func holdsOnes(_ base: UnsafeRawPointer, _ strides: Range<Int>) -> Bool {
        let size = MemoryLayout<Lanes>.size
        var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        for stride in strides {
            let place = base + stride * streams * size
            a &+= place.load(as: Lanes.self)
            b &+= place.load(fromByteOffset: size, as: Lanes.self)
            c &+= place.load(fromByteOffset: 2 * size, as: Lanes.self)
            d &+= place.load(fromByteOffset: 3 * size, as: Lanes.self)
        }
        let ones = Lanes(repeating: Float(1).bitPattern &* UInt32(truncatingIfNeeded: strides.count))
        return a == ones && b == ones && c == ones && d == ones
    }
}

/// A float32 product of many rows, on all threads: what the kernels reach where nothing but arithmetic bounds them.
public struct ProductProbe {
    private let x: Tensor
    private let weight: WeightMatrix

    /// - Parameters: x `[rows, inputs]`, weight `[outputs, inputs]`.
    public init(rows: Int, inputs: Int, outputs: Int) {
        precondition(rows > 0 && inputs > 0 && outputs > 0, "product probe: [\(rows), \(inputs)] x [\(outputs), ...]")
        x = Tensor([rows, inputs])
        x.pointer.update(repeating: 0.5, count: x.count)
        let values = Tensor([outputs, inputs])
        values.pointer.update(repeating: 0.25, count: values.count)
        let bytes = UnsafeRawBufferPointer(start: values.pointer, count: values.count * MemoryLayout<Float>.size)
        weight = WeightMatrix(StoredTensor(elementType: .float32, shape: values.shape, bytes: bytes, owner: values))
    }

    /// Multiplications and additions of one run.
    public var operations: Double { 2 * Double(x.count) * Double(weight.outputs) }

    /// `[rows, outputs]`
    public func run() -> Tensor { weight.product(x) }
}
