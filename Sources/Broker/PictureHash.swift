// SPDX-License-Identifier: MIT

/// A quick hash of bytes in 128 bits: two lanes of multiply and fold, several gigabytes a second.
///
/// Not for secrets. Whoever makes two pictures with one hash gets a worker that has only one of them, and whoever makes two
/// requests of his own with one hash gets the answer to one of them.
package enum PictureHash {
    private static let seeds: (UInt64, UInt64) = (0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344)
    private static let factors: (UInt64, UInt64) = (0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F)

    package static func key(_ bytes: [UInt8]) -> PictureKey {
        bytes.withUnsafeBytes { buffer in
            var lanes = (seeds.0 ^ UInt64(buffer.count), seeds.1 &+ UInt64(buffer.count))
            let words = buffer.count / 8
            for word in 0..<words {
                let value = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self))
                lanes.0 = fold(lanes.0 ^ value, factors.0)
                lanes.1 = fold(lanes.1 &+ value, factors.1)
            }
            var rest: UInt64 = 0
            for byte in buffer[(words * 8)...] { rest = rest << 8 | UInt64(byte) }
            return PictureKey(high: fold(lanes.0 ^ rest, factors.1), low: fold(lanes.1 &+ rest, factors.0))
        }
    }

    /// Both halves of the product, so that every bit of the one reaches the other; and the value itself, so that nothing
    /// is lost where it is zero.
    @inline(__always)
    private static func fold(_ value: UInt64, _ factor: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        return product.high ^ product.low &+ value.byteSwapped
    }
}
