// SPDX-License-Identifier: MIT

/// Writes PNG files chunk by chunk, so that tests can make every kind, and broken ones.
///
/// Image data is "compressed" in stored blocks only; no compressor is needed.
struct PNGBuilder {
    var width = 2
    var height = 2
    var bitDepth = 8
    var colorType = 2
    var interlaced = false
    /// Chunks between the header and the image data.
    var before: [(name: String, body: [UInt8])] = []
    /// Chunks after the image data.
    var after: [(name: String, body: [UInt8])] = []
    /// The rows, each with its leading filter byte.
    var rows: [UInt8] = []

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// The whole file.
    var file: [UInt8] {
        let header =
            bigEndian(width) + bigEndian(height) + [UInt8(bitDepth), UInt8(colorType), 0, 0, interlaced ? 1 : 0]
        return Self.signature + Self.chunk("IHDR", header) + before.flatMap { Self.chunk($0.name, $0.body) }
            + Self.chunk("IDAT", Self.stored(rows)) + after.flatMap { Self.chunk($0.name, $0.body) }
            + Self.chunk("IEND", [])
    }

    static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
        let covered = Array(name.utf8) + body
        return bigEndian(body.count) + covered + bigEndian(Int(crc(covered)))
    }

    /// A zlib stream of stored blocks (RFC 1950, RFC 1951 section 3.2.4).
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(0xFFFF)
            rest = rest.dropFirst(block.count)
            let count = UInt16(block.count)
            stream += [rest.isEmpty ? 1 : 0, UInt8(count & 0xFF), UInt8(count >> 8)]
            stream += [UInt8(~count & 0xFF), UInt8(~count >> 8)] + block
        } while !rest.isEmpty
        return stream + bigEndian(Int(adler(bytes)))
    }

    private static func adler(_ bytes: [UInt8]) -> UInt32 {
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65521
            high = (high + low) % 65521
        }
        return high << 16 | low
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = ~0
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
        }
        return ~crc
    }
}

/// Four bytes, the highest first.
func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}
