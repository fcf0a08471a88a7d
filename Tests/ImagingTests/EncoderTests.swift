// SPDX-License-Identifier: MIT

import Imaging
import Testing

@Suite struct EncoderTests {
    @Test(arguments: [(1, 1), (7, 3), (300, 1), (1, 300), (64, 48)])
    func pngComesBackUnchanged(_ width: Int, _ height: Int) throws {
        let picture = TestPictures.gradient(width: width, height: height)
        #expect(try ImageDecoder.decode(PNGEncoder.encode(picture)) == picture)
    }

    @Test(arguments: [true, false], [true, false])
    func jpegComesBackNearlyUnchanged(_ halvesColor: Bool, _ progressive: Bool) throws {
        let picture = RGBImage(width: 33, height: 17, pixels: [UInt8](repeating: 120, count: 33 * 17 * 3))
        let file = try JPEGEncoder.encode(
            picture, .init(quality: 95, halvesColor: halvesColor, isProgressive: progressive))
        let decoded = try ImageDecoder.decode(file)
        #expect(decoded.width == 33 && decoded.height == 17)
        #expect(largestDifference(decoded.pixels, picture.pixels) <= 2)
    }

    @Test func filesHoldNothingButPixels() throws {
        let turned = TestPictures.jpeg(
            try JPEGEncoder.encode(TestPictures.gradient(width: 16, height: 8)),
            withExif: TestPictures.exif(orientation: 6, bigEndian: true))
        let picture = try ImageDecoder.decode(turned)
        #expect(try ImageDecoder.header(of: PNGEncoder.encode(picture)).orientation == 1)
        #expect(try ImageDecoder.header(of: JPEGEncoder.encode(picture)).orientation == 1)
    }

    @Test func jpegRefusesASideItCannotHold() throws {
        let long = RGBImage(width: 65_501, height: 1, pixels: [UInt8](repeating: 0, count: 65_501 * 3))
        #expect(throws: ImageError.self) { try JPEGEncoder.encode(long) }
        let longest = RGBImage(width: 65_500, height: 1, pixels: [UInt8](repeating: 0, count: 65_500 * 3))
        #expect(try JPEGEncoder.encode(longest).count > 0)
    }
}
