// SPDX-License-Identifier: MIT

import Imaging
import Testing

/// Bytes that no encoder wrote: each gives a picture or one typed error, and never part of a picture.
@Suite struct DamagedPictureTests {
    private static let picture = TestPictures.gradient(width: 24, height: 18)

    static let files: [(name: String, bytes: [UInt8])] = {
        let encoded = [
            ("baseline", try? JPEGEncoder.encode(picture)),
            ("progressive", try? JPEGEncoder.encode(picture, .init(quality: 80, isProgressive: true))),
            ("png", try? PNGEncoder.encode(picture)),
            (
                "palette",
                PNGBuilder(
                    width: 4, height: 4, bitDepth: 2, colorType: 3, interlaced: true,
                    before: [("PLTE", Array(0..<12)), ("tRNS", [0, 128])], rows: [UInt8](repeating: 0, count: 20)
                ).file
            ),
        ]
        return encoded.map { ($0.0, $0.1 ?? []) }
    }()

    @Test func theWholeFilesAreGood() {
        for file in Self.files.prefix(3) {
            #expect(refusal(file.bytes) == nil, "\(file.name)")
        }
    }

    @Test(arguments: 0..<3)
    func everyPrefixIsTruncated(_ index: Int) {
        let file = Self.files[index]
        #expect(refusal([]) == .empty)
        for count in 1..<file.bytes.count {
            let code = refusal(Array(file.bytes[..<count]))
            #expect(code == .truncated, "\(file.name): the first \(count) bytes of \(file.bytes.count)")
        }
    }

    /// The bytes of a file with some of them replaced, the same for the same seed.
    private static func mutations(of bytes: [UInt8], count: Int, seed: UInt64) -> [[UInt8]] {
        var generator = SplitMix(state: seed)
        return (0..<count).map { _ in
            var mutated = bytes
            mutated[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            return mutated
        }
    }

    @Test(arguments: 0..<4)
    func aChangedByteGivesAPictureOrAnError(_ index: Int) {
        let limits = ImageLimits(maxPixels: 1 << 20, maxSide: 4096)
        for mutated in Self.mutations(of: Self.files[index].bytes, count: 1000, seed: UInt64(index)) {
            guard let image = try? ImageDecoder.decode(mutated, limits: limits) else { continue }
            #expect(image.pixels.count == image.width * image.height * 3)
        }
    }

    @Test func jpegOfPatchedSizeIsRefusedByItsHeader() throws {
        var file = Self.files[0].bytes
        let offset = try #require(TestPictures.frameSizeOffset(in: file))
        file.replaceSubrange(offset..<(offset + 4), with: [0xFF, 0xDC, 0xFF, 0xDC])
        #expect(refusal(file) == .sideTooLong)
        let roomy = ImageLimits(maxSide: 65_535)
        #expect(refusal(file, limits: roomy) == .tooManyPixels)
        file.replaceSubrange(offset..<(offset + 4), with: [0, 0, 0, 24])
        #expect(refusal(file) == .zeroSized)
    }

    @Test(arguments: [
        (0x7FFF_FFFF, 0x7FFF_FFFF, ImageError.Code.sideTooLong), (0, 4, .zeroSized), (4, 0, .zeroSized),
        (30_000, 30_000, .tooManyPixels), (0xFFFF_FFFF, 1, .sideTooLong),
    ])
    func pngOfSenselessSizeIsRefusedByItsHeader(_ width: Int, _ height: Int, _ code: ImageError.Code) {
        let file = PNGBuilder(width: width, height: height, rows: [0]).file
        #expect(refusal(file) == code)
        #expect(throws: ImageError.self) { try ImageDecoder.header(of: file) }
    }

    @Test func jpegEndingEarlyInsideItsMarkersIsTruncated() {
        let file = Self.files[0].bytes
        #expect(refusal(Array(file.dropLast(20)) + [0xFF, 0xD9]) == .truncated)
    }

    @Test func pngWithTooFewRowsIsTruncated() {
        #expect(refusal(PNGBuilder(rows: [0, 1, 2, 3, 4, 5, 6]).file) == .truncated)
    }

    @Test func badChecksumIsAnErrorWherePixelsDependOnIt() {
        var builder = PNGBuilder(rows: [UInt8](repeating: 0, count: 14))
        builder.before = [("tEXt", Array("Title\0x".utf8))]
        var inText = builder.file
        inText[33 + 8 + 7] ^= 1
        #expect(refusal(inText) == nil)
        var inHeader = builder.file
        inHeader[29] ^= 1
        #expect(refusal(inHeader) == .corrupt)
        var inImageData = builder.file
        inImageData[inImageData.count - 12 - 1] ^= 1
        #expect(refusal(inImageData) == .corrupt)
    }

    @Test func paletteMustBeThereAndSmallerIndicesWin() throws {
        var builder = PNGBuilder(width: 2, height: 1, colorType: 3, rows: [0, 1, 200])
        #expect(refusal(builder.file) == .corrupt)
        builder.before = [("PLTE", [9, 9, 9, 50, 60, 70])]
        #expect(try ImageDecoder.decode(builder.file).pixels == [50, 60, 70, 0, 0, 0])
    }

    @Test func hugeTextIsSkippedUnread() throws {
        var builder = PNGBuilder(rows: [UInt8](repeating: 0, count: 14))
        builder.before = (0..<20_000).map { _ in ("tEXt", Array("a\0b".utf8)) }
        #expect(refusal(builder.file) == nil)
        builder.before = [("iTXt", [UInt8](repeating: 65, count: 8_000_001))]
        #expect(refusal(builder.file) == nil)
    }
}

/// A small seeded generator (Steele, Lea and Flood, 2014), so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
