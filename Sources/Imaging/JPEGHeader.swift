// SPDX-License-Identifier: MIT

/// What the markers of a JPEG say, read up to the first scan.
///
/// Source: ITU-T T.81, annex B (markers and frame header); Exif 2.32, section 4.7.2 (APP1).
struct JPEGHeader {
    let width: Int
    let height: Int
    let components: Int
    let orientation: Int

    private struct Frame {
        let marker: UInt8
        let precision: Int
        let width: Int
        let height: Int
        let components: Int
    }

    static func parse(_ bytes: [UInt8]) throws(ImageError) -> JPEGHeader {
        let reader = ByteReader(bytes: bytes[...])
        var frame: Frame?
        var orientation: Int?
        var offset = 2
        while let (marker, body) = try segment(after: &offset, reader) {
            if isFrame(marker), frame == nil {
                frame = try parseFrame(marker, ByteReader(bytes: body))
            } else if marker == 0xE1, orientation == nil {
                orientation = parseExif(ByteReader(bytes: body))
            }
        }
        guard let frame else {
            throw ImageError(code: .corrupt, message: "the JPEG has no frame header before its first scan")
        }
        try refuseUnsupported(frame)
        return JPEGHeader(
            width: frame.width, height: frame.height, components: frame.components, orientation: orientation ?? 1)
    }

    /// The next segment's marker and body, or `nil` at the first scan or the end of the picture.
    private static func segment(
        after offset: inout Int, _ reader: ByteReader
    ) throws(ImageError) -> (UInt8, ArraySlice<UInt8>)? {
        let marker = try nextMarker(after: &offset, reader)
        if marker == 0xDA || marker == 0xD9 { return nil }
        if marker == 0x01 || (0xD0...0xD8).contains(marker) { return (marker, []) }
        guard let length = reader.uint16(at: offset) else { throw truncated }
        guard length >= 2 else {
            throw ImageError(code: .corrupt, message: "a JPEG segment claims a length of \(length)")
        }
        guard let body = reader.slice(at: offset + 2, count: length - 2) else { throw truncated }
        offset += length
        return (marker, body)
    }

    /// Skips whatever lies before the next 0xFF and the fill bytes after it, as decoders do.
    private static func nextMarker(after offset: inout Int, _ reader: ByteReader) throws(ImageError) -> UInt8 {
        while let byte = reader.byte(at: offset) {
            offset += 1
            guard byte == 0xFF else { continue }
            while reader.byte(at: offset) == 0xFF { offset += 1 }
            guard let marker = reader.byte(at: offset) else { throw truncated }
            offset += 1
            if marker != 0 { return marker }
        }
        throw truncated
    }

    /// SOF0...SOF15 and JPEG-LS, without the three markers among them that mean something else.
    private static func isFrame(_ marker: UInt8) -> Bool {
        ((0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)) || marker == 0xF7
    }

    private static func parseFrame(_ marker: UInt8, _ body: ByteReader) throws(ImageError) -> Frame {
        guard let precision = body.byte(at: 0), let height = body.uint16(at: 1), let width = body.uint16(at: 3),
            let components = body.byte(at: 5)
        else { throw ImageError(code: .corrupt, message: "the JPEG's frame header is cut short") }
        return Frame(
            marker: marker, precision: Int(precision), width: width, height: height, components: Int(components))
    }

    private static func parseExif(_ body: ByteReader) -> Int? {
        guard body.starts(with: "Exif\0"), let tiff = body.slice(at: 6, count: body.count - 6) else { return nil }
        return ExifOrientation.find(in: tiff)
    }

    private static func refuseUnsupported(_ frame: Frame) throws(ImageError) {
        let processes: [UInt8] = [0xC0, 0xC1, 0xC2, 0xC9, 0xCA]
        guard processes.contains(frame.marker) else {
            throw ImageError(
                code: .unsupported,
                message: "unsupported kind of JPEG (lossless or hierarchical); send a baseline or progressive one")
        }
        guard frame.precision == 8 else {
            throw ImageError(
                code: .unsupported, message: "unsupported kind of JPEG: \(frame.precision) bits per sample; send 8")
        }
        guard [1, 3, 4].contains(frame.components) else {
            throw ImageError(
                code: .unsupported,
                message: "unsupported kind of JPEG: \(frame.components) components; send 1, 3 or 4")
        }
    }

    private static var truncated: ImageError {
        ImageError(code: .truncated, message: "the JPEG ends inside its header")
    }
}
