// SPDX-License-Identifier: MIT

import Imaging
import Testing

/// Every colour type and depth of PNG, against samples worked out by hand.
@Suite struct PNGKindTests {
    private func pixels(_ builder: PNGBuilder, _ mode: DecodingMode = .boxwood) throws -> [UInt8] {
        try ImageDecoder.decode(builder.file, mode: mode).pixels
    }

    private func gray(_ values: UInt8...) -> [UInt8] { values.flatMap { [$0, $0, $0] } }

    @Test func smallGrayDepthsFillTheRange() throws {
        #expect(
            try pixels(PNGBuilder(width: 4, height: 1, bitDepth: 1, colorType: 0, rows: [0, 0b1010_0000]))
                == gray(255, 0, 255, 0))
        #expect(
            try pixels(PNGBuilder(width: 4, height: 1, bitDepth: 2, colorType: 0, rows: [0, 0b0001_1011]))
                == gray(0, 85, 170, 255))
        #expect(
            try pixels(PNGBuilder(width: 2, height: 1, bitDepth: 4, colorType: 0, rows: [0, 0x3F]))
                == gray(51, 255))
        #expect(try pixels(PNGBuilder(width: 2, height: 1, colorType: 0, rows: [0, 7, 200])) == gray(7, 200))
    }

    @Test func sixteenBitGrayIsRoundedOrClipped() throws {
        let builder = PNGBuilder(
            width: 4, height: 1, bitDepth: 16, colorType: 0, rows: [0, 0x00, 0x40, 0x00, 0xFF, 0x01, 0x00, 0x80, 0x80])
        #expect(try pixels(builder) == gray(0, 1, 1, 128))
        #expect(try pixels(builder, .reference) == gray(64, 255, 255, 255))
    }

    @Test func sixteenBitColorIsRoundedOrCut() throws {
        let builder = PNGBuilder(
            width: 1, height: 1, bitDepth: 16, colorType: 2, rows: [0, 0x10, 0xFF, 0x20, 0x00, 0xFF, 0xFF])
        #expect(try pixels(builder) == [17, 32, 255])
        #expect(try pixels(builder, .reference) == [16, 32, 255])
    }

    @Test(arguments: [1, 2, 4, 8])
    func palettesOfEveryDepth(_ depth: Int) throws {
        let rows: [Int: [UInt8]] = [1: [0, 0x40], 2: [0, 0x10], 4: [0, 0x01], 8: [0, 0, 1]]
        let builder = PNGBuilder(
            width: 2, height: 1, bitDepth: depth, colorType: 3, before: [("PLTE", [1, 2, 3, 4, 5, 6])],
            rows: rows[depth] ?? [])
        #expect(try pixels(builder) == [1, 2, 3, 4, 5, 6])
    }

    /// Values where the fixed-point composite and a plain rounded blend may part are covered by the recorded cases.
    @Test func transparencyIsLaidOnWhite() throws {
        let color = PNGBuilder(
            width: 3, height: 1, colorType: 6, rows: [0, 10, 20, 30, 0, 10, 20, 30, 255, 0, 100, 200, 128])
        #expect(try pixels(color) == [255, 255, 255, 10, 20, 30, 127, 177, 227])
        let withAlpha = PNGBuilder(width: 2, height: 1, colorType: 4, rows: [0, 9, 0, 9, 255])
        #expect(try pixels(withAlpha) == gray(255, 9))
        let table = PNGBuilder(
            width: 2, height: 1, colorType: 3, before: [("PLTE", [1, 2, 3, 4, 5, 6]), ("tRNS", [0])], rows: [0, 0, 1])
        #expect(try pixels(table) == [255, 255, 255, 4, 5, 6])
        let key = PNGBuilder(
            width: 2, height: 1, before: [("tRNS", [0, 1, 0, 2, 0, 3])], rows: [0, 1, 2, 3, 1, 2, 4])
        #expect(try pixels(key) == [255, 255, 255, 1, 2, 4])
    }

    @Test func gammaAndProfilesChangeNothing() throws {
        var builder = PNGBuilder(width: 1, height: 1, rows: [0, 100, 150, 200])
        builder.before = [("gAMA", bigEndian(22_222)), ("iCCP", Array("x\0\0junk".utf8))]
        #expect(try pixels(builder) == [100, 150, 200])
    }

    @Test func animatedPictureGivesItsDefaultFrame() throws {
        var builder = PNGBuilder(width: 1, height: 1, rows: [0, 100, 150, 200])
        builder.before = [("acTL", bigEndian(2) + bigEndian(0))]
        builder.after = [("fcTL", [UInt8](repeating: 0, count: 26)), ("fdAT", [0, 0, 0, 1, 1, 2, 3])]
        #expect(try pixels(builder) == [100, 150, 200])
    }
}
