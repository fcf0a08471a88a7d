// SPDX-License-Identifier: MIT

import Imaging
import Testing

@Suite struct OrientationTests {
    private static let stored = TestPictures.gradient(width: 48, height: 32)

    /// Where the upright picture's pixel (x, y) is stored, by the definition of each orientation.
    private static func storedPosition(_ orientation: Int, _ x: Int, _ y: Int) -> (x: Int, y: Int) {
        let (right, bottom) = (stored.width - 1, stored.height - 1)
        return switch orientation {
        case 2: (right - x, y)
        case 3: (right - x, bottom - y)
        case 4: (x, bottom - y)
        case 5: (y, x)
        case 6: (y, bottom - x)
        case 7: (right - y, bottom - x)
        case 8: (right - y, x)
        default: (x, y)
        }
    }

    private static func upright(_ pixels: [UInt8], _ orientation: Int) -> [UInt8] {
        let (width, height) = orientation >= 5 ? (stored.height, stored.width) : (stored.width, stored.height)
        return (0..<height).flatMap { y in
            (0..<width).flatMap { x in
                let position = storedPosition(orientation, x, y)
                let start = (position.y * stored.width + position.x) * 3
                return pixels[start..<(start + 3)]
            }
        }
    }

    @Test(arguments: 1...8, [true, false])
    func jpegIsTurnedUpright(_ orientation: Int, _ bigEndian: Bool) throws {
        let plain = try JPEGEncoder.encode(Self.stored, .init(quality: 95))
        let file = TestPictures.jpeg(
            plain, withExif: TestPictures.exif(orientation: orientation, bigEndian: bigEndian))
        let untouched = try ImageDecoder.decode(file, mode: .reference)
        let seen = try ImageDecoder.decode(file, mode: .boxwood)
        #expect(try untouched.pixels == ImageDecoder.decode(plain).pixels)
        #expect(seen.pixels == Self.upright(untouched.pixels, orientation))
        #expect(seen.orientation == orientation)
        let size = try ImageDecoder.header(of: file).orientedSize
        #expect(size == (seen.width, seen.height))
    }

    @Test(arguments: 1...8, [true, false])
    func pngIsTurnedUpright(_ orientation: Int, _ afterImageData: Bool) throws {
        let chunk = ("eXIf", TestPictures.exif(orientation: orientation, bigEndian: true))
        let builder = PNGBuilder(
            width: Self.stored.width, height: Self.stored.height, before: afterImageData ? [] : [chunk],
            after: afterImageData ? [chunk] : [], rows: TestPictures.pngRows(of: Self.stored))
        #expect(try ImageDecoder.decode(builder.file).pixels == Self.upright(Self.stored.pixels, orientation))
        #expect(try ImageDecoder.decode(builder.file, mode: .reference).pixels == Self.stored.pixels)
    }

    @Test(arguments: [0, 9, 255, 65535])
    func senselessOrientationIsNone(_ orientation: Int) throws {
        let file = TestPictures.jpeg(
            try JPEGEncoder.encode(Self.stored), withExif: TestPictures.exif(orientation: orientation, bigEndian: false)
        )
        #expect(try ImageDecoder.decode(file).orientation == 1)
    }

    @Test(arguments: [
        TestPictures.exif(orientation: 6, bigEndian: true, directoryOffset: 255),
        TestPictures.exif(orientation: 6, bigEndian: true, type: 2),
        [0x4D, 0x4D, 0, 42, 0xFF, 0xFF, 0xFF, 0xFF],
        [0x49, 0x49, 42, 0, 8, 0, 0, 0, 0xFF, 0xFF],
        [0x4D, 0x4D],
        [],
    ])
    func hostileExifIsIgnored(_ exif: [UInt8]) throws {
        let file = TestPictures.jpeg(try JPEGEncoder.encode(Self.stored), withExif: exif)
        let image = try ImageDecoder.decode(file)
        #expect(image.orientation == 1)
        #expect(image.width == 48 && image.height == 32)
    }

    @Test func exifOfADamagedChunkIsIgnored() throws {
        var builder = PNGBuilder(rows: [0, 1, 2, 3, 4, 5, 6, 0, 7, 8, 9, 10, 11, 12])
        builder.before = [("eXIf", TestPictures.exif(orientation: 6, bigEndian: true))]
        var file = builder.file
        #expect(try ImageDecoder.decode(file).orientation == 6)
        file[33 + 8 + 26] ^= 1
        #expect(try ImageDecoder.decode(file).orientation == 1)
    }
}
