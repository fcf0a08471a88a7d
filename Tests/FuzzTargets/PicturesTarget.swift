// SPDX-License-Identifier: MIT
import Imaging

extension FuzzTarget {
    /// JPEG and PNG: a whole picture within the limits, the same every time, or a typed error.
    static let pictures = FuzzTarget(
        "pictures", longest: 8192, runs: 3000, words: PicturesTarget.words, bytes: PicturesTarget.markers,
        seeds: PicturesTarget.seeds, check: PicturesTarget.check)
}

private enum PicturesTarget {
    static let limits = ImageLimits(maxBytes: 1 << 14, maxPixels: 1 << 14, maxSide: 1 << 11)
    static let words = [
        "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "eXIf", "gAMA", "iCCP", "tEXt", "zTXt", "iTXt", "acTL", "fcTL", "sBIT",
        "Exif\0\0", "II*\0", "MM\0*", "JFIF\0", "Adobe", "ICC_PROFILE\0",
    ]
    static let markers: [[UInt8]] =
        ([0xC0, 0xC1, 0xC2, 0xC4, 0xC9, 0xCC, 0xD0, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE0, 0xE1, 0xEE, 0xFE] as [UInt8])
        .map { [0xFF, $0] } + [
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6],
        ]

    /// Small pictures from the house's own encoders, and every orientation.
    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let picture = gradient(width: 24, height: 18)
        let dot = gradient(width: 1, height: 1)
        let baseline = try JPEGEncoder.encode(gradient(width: 16, height: 8), .init(quality: 40))
        var seeds: [(name: String, bytes: [UInt8])] = [
            ("png", try PNGEncoder.encode(picture)), ("png-dot", try PNGEncoder.encode(dot)),
            ("jpeg", try JPEGEncoder.encode(picture)), ("jpeg-dot", try JPEGEncoder.encode(dot)),
            ("jpeg-full-colour", try JPEGEncoder.encode(picture, .init(quality: 60, halvesColor: false))),
            ("jpeg-progressive", try JPEGEncoder.encode(picture, .init(quality: 60, isProgressive: true))),
        ]
        for orientation in 0...9 {
            let exif = exif(orientation: UInt8(orientation), bigEndian: orientation % 2 == 0)
            seeds.append(("jpeg-exif-\(orientation)", jpeg(baseline, withExif: exif)))
            seeds.append(("png-exif-\(orientation)", pngFile(kind: (8, 2), exif: exif)))
        }
        for kind in [
            (1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (1, 3), (2, 3), (4, 3), (8, 3), (8, 4), (16, 4),
            (8, 6), (16, 6),
        ] {
            for interlaced in [false, true] {
                let suffix = interlaced ? "-interlaced" : ""
                seeds.append(("png-\(kind.1)-\(kind.0)\(suffix)", pngFile(kind: kind, isInterlaced: interlaced)))
            }
        }
        return seeds
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let header = Result { () throws(ImageError) in try ImageDecoder.header(of: input, limits: limits) }
        let upright = Result { () throws(ImageError) in try ImageDecoder.decode(input, limits: limits) }
        let stored = Result { () throws(ImageError) in
            try ImageDecoder.decode(input, limits: limits, mode: .reference)
        }
        let again = Result { () throws(ImageError) in try ImageDecoder.decode(input, limits: limits) }
        try promise(upright == again, "a picture is the same every time")
        switch (header, upright) {
        case (.failure(let error), .failure(let same)):
            try promise(error == same, "one fault has one name", "\(error); \(same)")
        case (.failure(let error), .success): throw BrokenPromise("what is decoded has a header", "\(error)")
        case (.success(let header), _):
            try promise((1...8).contains(header.orientation), "an orientation is 1 to 8", "\(header)")
            try promise(
                max(header.width, header.height) <= limits.maxSide && header.width * header.height <= limits.maxPixels
                    && input.count <= limits.maxBytes, "limits hold", "\(header)")
        }
        if case .failure(let error) = upright {
            try promise(!error.message.isEmpty, "an error says why")
            try PublicText.check(error.message, quoting: input)
        }
        try checkPair(upright, stored)
        guard case .success(let picture) = upright, case .success(let header) = header else { return false }
        try promise((picture.width, picture.height) == header.orientedSize, "a picture has the size of its header")
        try promise(picture.orientation == header.orientation, "a picture has the orientation of its header")
        try checkUses(picture)
        return true
    }

    /// By the reference's rules the same files are pictures, of the same size but for the turning.
    private static func checkPair(
        _ upright: Result<RGBImage, ImageError>, _ stored: Result<RGBImage, ImageError>
    ) throws(BrokenPromise) {
        switch (upright, stored) {
        case (.success(let one), .success(let other)):
            let isTurned = one.orientation >= 5
            try promise(
                (one.width, one.height) == (isTurned ? (other.height, other.width) : (other.width, other.height)),
                "turning keeps the pixels")
        case (.failure(let one), .failure(let other)): try promise(one.code == other.code, "both modes refuse alike")
        default: throw BrokenPromise("both modes take the same files", "\(upright); \(stored)")
        }
    }

    private static func checkUses(_ picture: RGBImage) throws(BrokenPromise) {
        try promise(Preprocessor.squash(picture, side: 8).count == 8 * 8 * 3, "every picture can be squashed")
        guard picture.width * picture.height <= 1024 else { return }
        let copy = Result { () throws(ImageError) in try ImageDecoder.decode(try PNGEncoder.encode(picture)) }
        try promise((try? copy.get())?.pixels == picture.pixels, "a copy as PNG has the same pixels")
    }

    private static func gradient(width: Int, height: Int) -> RGBImage {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width { pixels += [UInt8(255 * x / width), UInt8(255 * y / height), x > y ? 230 : 40] }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    // MARK: - Files by hand

    /// One directory with one entry.
    private static func exif(orientation: UInt8, bigEndian: Bool) -> [UInt8] {
        bigEndian
            ? [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
            : [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
    }

    private static func jpeg(_ file: [UInt8], withExif exif: [UInt8]) -> [UInt8] {
        let body = Array("Exif\0\0".utf8) + exif
        return file[..<2] + [0xFF, 0xE1, 0, UInt8(body.count + 2)] + body + file[2...]
    }

    /// Four by four pixels of any bit depth and colour type, in a stored block.
    private static func pngFile(kind: (depth: Int, color: Int), isInterlaced: Bool = false, exif: [UInt8] = [])
        -> [UInt8]
    {
        let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][kind.color]!
        // Width and height of each of the seven passes of such a picture; empty ones are not there.
        let passes = isInterlaced ? [(1, 1), (1, 1), (2, 1), (2, 2), (4, 2)] : [(4, 4)]
        var rows: [UInt8] = []
        for (width, height) in passes {
            for row in 0..<height {
                rows +=
                    [0] + (0..<(width * channels * kind.depth + 7) / 8).map { UInt8(truncatingIfNeeded: $0 * 23 + row) }
            }
        }
        if kind.color == 3 { rows = rows.map { $0 & 0x11 & 3 } }
        let header = number(4) + number(4) + [UInt8(kind.depth), UInt8(kind.color), 0, 0, isInterlaced ? 1 : 0]
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
        if kind.color == 3 { file += chunk("PLTE", Array(0..<12)) + chunk("tRNS", [0, 128]) }
        if !exif.isEmpty { file += chunk("eXIf", exif) }
        return file + chunk("IDAT", stored(rows)) + chunk("IEND", [])
    }

    private static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
        let covered = Array(name.utf8) + body
        var crc: UInt32 = ~0
        for byte in covered {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
        }
        return number(body.count) + covered + number(Int(~crc))
    }

    /// A zlib stream of one stored block.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65521
            high = (high + low) % 65521
        }
        let count = UInt16(bytes.count)
        return [0x78, 0x01, 1, UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8)] + bytes
            + number(Int(high << 16 | low))
    }

    private static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
