// SPDX-License-Identifier: MIT

/// Tells picture formats apart by their first bytes; a file's name or declared type is never asked.
enum ImageSignature {
    /// The format, or an error that names what the bytes look like instead.
    static func identify(_ bytes: [UInt8]) throws(ImageError) -> ImageFormat {
        let reader = ByteReader(bytes: bytes[...])
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.starts(with: PNGHeader.signature) { return .png }
        if bytes.isEmpty { throw ImageError(code: .empty, message: "the picture has no bytes") }
        if isBeginning(bytes) {
            throw ImageError(code: .truncated, message: "the picture ends inside its signature")
        }
        if let name = foreignFormat(reader) {
            throw ImageError(code: .unsupported, message: "unsupported picture format: \(name); send JPEG or PNG")
        }
        throw ImageError(
            code: .unsupported, message: "the data does not begin as a JPEG or PNG picture does; send JPEG or PNG")
    }

    private static func isBeginning(_ bytes: [UInt8]) -> Bool {
        [0xFF, 0xD8, 0xFF].starts(with: bytes) || PNGHeader.signature.starts(with: bytes)
    }

    /// The name of a well-known format that is not read here.
    private static func foreignFormat(_ reader: ByteReader) -> String? {
        if reader.starts(with: "GIF8") { return "GIF" }
        if reader.starts(with: "BM") { return "BMP" }
        if reader.starts(with: "II*\0") || reader.starts(with: "MM\0*") { return "TIFF" }
        if reader.starts(with: "RIFF"), reader.starts(with: "WEBP", at: 8) { return "WebP" }
        if reader.starts(with: "%PDF") { return "PDF" }
        if reader.starts(with: "%!PS") { return "PostScript" }
        if reader.starts(with: "8BPS") { return "Photoshop" }
        if reader.starts(with: "\0\0\u{1}\0") { return "ICO" }
        if reader.starts(with: "\0\0\0\u{C}jP  ") { return "JPEG 2000" }
        if reader.starts(with: "\0\0\0\u{C}JXL ") || reader.bytes.starts(with: [0xFF, 0x0A]) { return "JPEG XL" }
        if reader.starts(with: "ftyp", at: 4) { return mediaContainer(reader) }
        return isSVG(reader) ? "SVG" : nil
    }

    /// ISO base media files (ISO/IEC 14496-12) say what they are in the four letters after "ftyp".
    private static func mediaContainer(_ reader: ByteReader) -> String {
        if reader.starts(with: "avif", at: 8) || reader.starts(with: "avis", at: 8) { return "AVIF" }
        if reader.starts(with: "mif1", at: 8) || reader.starts(with: "he", at: 8) || reader.starts(with: "msf1", at: 8)
        {
            return "HEIC"
        }
        return "video"
    }

    /// How far into a text file the `<svg` element is looked for.
    private static let svgSearchBytes = 1024

    private static func isSVG(_ reader: ByteReader) -> Bool {
        let text = String(decoding: reader.bytes.prefix(svgSearchBytes), as: UTF8.self)
        let trimmed = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        guard trimmed.hasPrefix("<") else { return false }
        return text.indices.contains { text[$0...].hasPrefix("<svg") }
    }
}
