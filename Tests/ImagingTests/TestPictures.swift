// SPDX-License-Identifier: MIT

import Imaging

/// Pictures and files that tests make for themselves.
enum TestPictures {
    /// A picture in which every corner and edge is different, so that no turning leaves it unchanged.
    static func gradient(width: Int, height: Int) -> RGBImage {
        var pixels = [UInt8]()
        for y in 0..<height {
            for x in 0..<width {
                pixels.append(UInt8(255 * x / max(1, width - 1)))
                pixels.append(UInt8(255 * y / max(1, height - 1)))
                pixels.append(x < width / 3 && y < height / 2 ? 230 : 40)
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// One pixel, over and over.
    static func repeated(_ pixel: [UInt8], _ count: Int) -> [UInt8] {
        [[UInt8]](repeating: pixel, count: count).flatMap { $0 }
    }

    /// The rows of a picture as a PNG stores them without any filter.
    static func pngRows(of picture: RGBImage) -> [UInt8] {
        var rows = [UInt8]()
        for y in 0..<picture.height {
            rows.append(0)
            rows += picture.pixels[(y * picture.width * 3)..<((y + 1) * picture.width * 3)]
        }
        return rows
    }

    /// An EXIF block with one entry, the orientation.
    static func exif(orientation: Int, bigEndian: Bool, type: UInt8 = 3, directoryOffset: UInt8 = 8) -> [UInt8] {
        let value = UInt8(truncatingIfNeeded: orientation)
        let high = UInt8(truncatingIfNeeded: orientation >> 8)
        if bigEndian {
            return [0x4D, 0x4D, 0, 42, 0, 0, 0, directoryOffset, 0, 1, 0x01, 0x12, 0, type, 0, 0, 0, 1, high, value]
                + [0, 0, 0, 0, 0, 0]
        }
        return [0x49, 0x49, 42, 0, directoryOffset, 0, 0, 0, 1, 0, 0x12, 0x01, type, 0, 1, 0, 0, 0, value, high]
            + [0, 0, 0, 0, 0, 0]
    }

    /// A JPEG with an APP1 segment put right after its first marker.
    static func jpeg(_ file: [UInt8], withExif exif: [UInt8]) -> [UInt8] {
        let body = Array("Exif\0\0".utf8) + exif
        let length = body.count + 2
        return file[..<2] + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + body + file[2...]
    }

    /// Where the frame header's height begins: the width follows it.
    static func frameSizeOffset(in jpeg: [UInt8]) -> Int? {
        jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && (jpeg[$0 + 1] == 0xC0 || jpeg[$0 + 1] == 0xC2) }
            .map { $0 + 5 }
    }
}

/// What became of decoding some bytes: the code of the error, or `nil` for a picture.
func refusal(
    _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), mode: DecodingMode = .boxwood
) -> ImageError.Code? {
    do throws(ImageError) {
        _ = try ImageDecoder.decode(bytes, limits: limits, mode: mode)
        return nil
    } catch {
        return error.code
    }
}

/// The largest difference between two pictures' samples.
func largestDifference(_ first: [UInt8], _ second: [UInt8]) -> Int {
    guard first.count == second.count else { return .max }
    return zip(first, second).map { abs(Int($0) - Int($1)) }.max() ?? 0
}
