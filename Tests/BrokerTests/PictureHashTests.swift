// SPDX-License-Identifier: MIT

import Broker
import Testing

@Suite("Hash of a picture")
struct PictureHashTests {
    private let picture = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 37) }

    @Test("the same bytes have the same key, in every process")
    func same() {
        #expect(PictureHash.key(picture) == PictureHash.key(Array(picture)))
        #expect(PictureHash.key([]) != PictureHash.key([0]))
    }

    @Test("every bit counts, and so does the length")
    func different() {
        var keys: Set<PictureKey> = [PictureHash.key(picture)]
        for index in picture.indices {
            for bit in 0..<8 {
                var other = picture
                other[index] ^= 1 << bit
                keys.insert(PictureHash.key(other))
            }
        }
        for count in 0..<300 { keys.insert(PictureHash.key(Array(picture.prefix(count)))) }
        for zeros in 1...9 { keys.insert(PictureHash.key(picture + [UInt8](repeating: 0, count: zeros))) }
        #expect(keys.count == 1 + 2400 + 300 + 9)
        #expect(Set(keys.map(\.high)).count == keys.count && Set(keys.map(\.low)).count == keys.count)
    }

    @Test("no two stripes can change places")
    func order() {
        let stripes = (0..<40).map { [UInt8](repeating: UInt8($0), count: 64) }
        var keys: Set<PictureKey> = [PictureHash.key(stripes.flatMap(\.self))]
        for first in stripes.indices {
            for second in stripes.indices where second > first {
                var other = stripes
                other.swapAt(first, second)
                keys.insert(PictureHash.key(other.flatMap(\.self)))
            }
        }
        #expect(keys.count == 1 + 40 * 39 / 2)
    }
}
