// SPDX-License-Identifier: MIT

import Foundation
import Tensors

/// A weight in memory as a checkpoint would store it, and its exact values.
final class StoredWeight {
    let tensor: StoredTensor
    /// The values after rounding to the stored type.
    let values: [Float]

    private final class Bytes {
        let data: NSData
        init(_ data: NSData) { self.data = data }
    }

    init(_ numbers: [Float], _ shape: Shape, _ type: ElementType) {
        var bytes = Data()
        var rounded: [Float] = []
        for number in numbers {
            switch type {
            case .float16:
                let half = Float16(number)
                withUnsafeBytes(of: half.bitPattern) { bytes.append(contentsOf: $0) }
                rounded.append(Float(half))
            case .bfloat16:
                let bits = number.bitPattern & 0xFFFF_0000
                withUnsafeBytes(of: UInt16(bits >> 16)) { bytes.append(contentsOf: $0) }
                rounded.append(Float(bitPattern: bits))
            default:
                withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
                rounded.append(number)
            }
        }
        values = rounded
        tensor = Self.stored(bytes, shape, type)
    }

    init(bits: [UInt16], _ type: ElementType) {
        values = []
        tensor = Self.stored(bits.withUnsafeBytes { Data($0) }, [bits.count], type)
    }

    init(_ bytes: [UInt8], _ shape: Shape) {
        values = []
        tensor = Self.stored(Data(bytes), shape, .uint8)
    }

    private static func stored(_ data: Data, _ shape: Shape, _ type: ElementType) -> StoredTensor {
        let owner = Bytes(data as NSData)
        let buffer = UnsafeRawBufferPointer(start: owner.data.bytes, count: owner.data.length)
        return StoredTensor(elementType: type, shape: shape, bytes: buffer, owner: owner)
    }
}
