// SPDX-License-Identifier: MIT

/// What the chunks of a PNG say, without unpacking any of them.
///
/// Source: W3C PNG (Third Edition), sections 5.3 (chunk layout), 11.2.1 (IHDR), 11.3 (tRNS, eXIf).
struct PNGHeader {
    let width: Int
    let height: Int
    let bitDepth: Int
    let colorType: Int
    /// Whether a tRNS chunk comes before the image data.
    let hasTransparencyChunk: Bool
    let orientation: Int

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// EXIF blocks are a few kilobytes; a longer one is not looked into.
    static let maximumExifBytes = 1 << 16

    var hasAlpha: Bool { colorType & 4 != 0 || hasTransparencyChunk }
    var isGray16: Bool { colorType == 0 && bitDepth == 16 }

    static func parse(_ bytes: [UInt8]) throws(ImageError) -> PNGHeader {
        let reader = ByteReader(bytes: bytes[...])
        guard let length = reader.uint32(at: 8), let width = reader.uint32(at: 16), let height = reader.uint32(at: 20),
            let bitDepth = reader.byte(at: 24), let colorType = reader.byte(at: 25)
        else { throw ImageError(code: .truncated, message: "the PNG ends inside its header") }
        guard length == 13, reader.starts(with: "IHDR", at: 12) else {
            throw ImageError(code: .corrupt, message: "the PNG does not begin with its header chunk")
        }
        let (transparent, orientation) = scanChunks(reader)
        return PNGHeader(
            width: width, height: height, bitDepth: Int(bitDepth), colorType: Int(colorType),
            hasTransparencyChunk: transparent, orientation: orientation ?? 1)
    }

    /// Walks the chunks after IHDR: whether tRNS comes before the first IDAT, and the orientation of an eXIf anywhere.
    /// What is wrong with them is the decoder's to say.
    private static func scanChunks(_ reader: ByteReader) -> (transparent: Bool, orientation: Int?) {
        var transparent = false
        var orientation: Int?
        var sawImageData = false
        var offset = 33
        while let length = reader.uint32(at: offset), !reader.starts(with: "IEND", at: offset + 4) {
            if reader.starts(with: "IDAT", at: offset + 4) {
                sawImageData = true
            } else if reader.starts(with: "tRNS", at: offset + 4) {
                transparent = transparent || !sawImageData
            } else if orientation == nil, reader.starts(with: "eXIf", at: offset + 4) {
                orientation = parseExif(at: offset, length: length, reader)
            }
            offset += length + 12
        }
        return (transparent, orientation)
    }

    private static func parseExif(at offset: Int, length: Int, _ reader: ByteReader) -> Int? {
        guard length <= maximumExifBytes, let covered = reader.slice(at: offset + 4, count: length + 4),
            reader.uint32(at: offset + 8 + length) == Int(checksum(covered))
        else { return nil }
        return ExifOrientation.find(in: covered.dropFirst(4))
    }

    /// The CRC-32 of annex D, bit by bit: it covers one small chunk.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in
                value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
            }
        }
    }
}
