// SPDX-License-Identifier: MIT

/// A quick hash of bytes in 128 bits: eight words side by side, then multiply and fold. Many gigabytes a second, since the whole of
/// every picture is read for it.
///
/// Not for secrets. Whoever makes two pictures with one hash gets a worker that has only one of them, and whoever makes two
/// requests of his own with one hash gets the answer to one of them.
package enum PictureHash {
    private static let factors: (UInt64, UInt64) = (0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F)

    package static func key(_ bytes: [UInt8]) -> PictureKey { bytes.withUnsafeBytes(key) }

    package static func key(_ bytes: UnsafeRawBufferPointer) -> PictureKey {
        var lanes = Lanes(count: bytes.count)
        let striped = bytes.count / Stripes.bytes * Stripes.bytes
        if striped > 0 {
            var stripes = Stripes()
            for offset in stride(from: 0, to: striped, by: Stripes.bytes) {
                stripes.read(bytes.loadUnaligned(fromByteOffset: offset, as: Stripes.Words.self))
            }
            for index in 0..<Stripes.Words.scalarCount { lanes.read(stripes.sums[index]) }
        }
        let worded = bytes.count / 8 * 8
        for offset in stride(from: striped, to: worded, by: 8) {
            lanes.read(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
        return lanes.end(rest: bytes[worded...].reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Eight sums, to each of which a word of every stripe adds the product of its halves, and its neighbour adds itself, so that
    /// nothing is lost where a half is zero. What a word is mixed with first differs from stripe to stripe: none can change
    /// places. (The manner of XXH3, with constants and an order of its own.)
    private struct Stripes {
        typealias Words = SIMD8<UInt64>

        static let bytes = MemoryLayout<Words>.size
        /// Every so often the sums' upper bits, which depend on all below them, are brought down.
        private static let turn = 16

        private(set) var sums = Words(
            0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344, 0xA409_3822_299F_31D0, 0x082E_FA98_EC4E_6C89,
            0x4528_21E6_38D0_1377, 0xBE54_66CF_34E9_0C6C, 0xC0AC_29B7_C97C_50DD, 0x3F84_D5B5_B547_0917)
        private var masks = Words(
            0x9216_D5D9_8979_FB1B, 0xD131_0BA6_98DF_B5AC, 0x2FFD_72DB_D01A_DFB7, 0xB8E1_AFED_6A26_7E96,
            0xBA7C_9045_F12C_7F99, 0x24A1_9947_B391_6CF7, 0x0801_F2E2_858E_FC16, 0x6369_20D8_7157_4E69)
        private var count = 0

        @inline(__always)
        mutating func read(_ words: Words) {
            let mixed = words ^ masks
            let neighbours = Words(lowHalf: words.highHalf, highHalf: words.lowHalf)
            sums &+= neighbours &+ (mixed & 0xFFFF_FFFF) &* (mixed &>> 32)
            masks &+= PictureHash.factors.0
            count += 1
            if count % Self.turn == 0 { sums = (sums ^ (sums &>> 47) ^ masks) &* 0x9E37_79B1 }
        }
    }

    /// Two lanes that read the same words, each its own way.
    private struct Lanes {
        private var high: UInt64
        private var low: UInt64

        init(count: Int) {
            high = 0x243F_6A88_85A3_08D3 ^ UInt64(count)
            low = 0x1319_8A2E_0370_7344 &+ UInt64(count)
        }

        mutating func read(_ word: UInt64) {
            high = fold(high ^ word, factors.0)
            low = fold(low &+ word, factors.1)
        }

        func end(rest: UInt64) -> PictureKey {
            PictureKey(high: fold(high ^ rest, factors.1), low: fold(low &+ rest, factors.0))
        }
    }

    /// Both halves of the product, so that every bit of the one reaches the other; and the value itself, so that nothing
    /// is lost where it is zero.
    private static func fold(_ value: UInt64, _ factor: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        return product.high ^ product.low &+ value.byteSwapped
    }
}
