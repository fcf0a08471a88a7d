// SPDX-License-Identifier: MIT

/// Whose rules a picture is decoded by.
public enum DecodingMode: Hashable, Sendable {
    /// As a person sees the picture: turned as its EXIF orientation says, 16-bit samples rounded to 8 bits.
    case boxwood
    /// As transformers 5.23 feeds its image processors (Pillow's decoding, then `convert_to_rgb`): the orientation is
    /// ignored, 16-bit gray is cut off at 255, and other 16-bit samples give their high byte.
    case reference
}

/// Bytes of a JPEG or PNG file to pixels.
///
/// Formats are told apart by content. A file that ends early or contradicts itself is an error, never part of a
/// picture. Transparency is laid on white. Of an animated PNG the default picture is read.
public enum ImageDecoder {
    /// Reads a picture's header, and checks it against the limits, without decoding pixels.
    public static func header(
        of bytes: [UInt8], limits: ImageLimits = ImageLimits()
    ) throws(ImageError) -> ImageHeader {
        try limits.check(byteCount: bytes.count)
        switch try ImageSignature.identify(bytes) {
        case .jpeg: return try checkedHeader(try JPEGHeader.parse(bytes), limits)
        case .png: return try checkedHeader(try PNGHeader.parse(bytes), limits)
        }
    }

    /// Decodes a whole picture.
    public static func decode(
        _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), mode: DecodingMode = .boxwood
    ) throws(ImageError) -> RGBImage {
        try limits.check(byteCount: bytes.count)
        let decoded: RGBImage
        switch try ImageSignature.identify(bytes) {
        case .jpeg:
            let header = try JPEGHeader.parse(bytes)
            _ = try checkedHeader(header, limits)
            decoded = try JPEGDecoder.decode(bytes, header)
        case .png:
            let header = try PNGHeader.parse(bytes)
            _ = try checkedHeader(header, limits)
            decoded = try PNGDecoder.decode(bytes, header, mode)
        }
        return mode == .boxwood ? decoded.upright() : decoded
    }

    private static func checkedHeader(
        _ header: JPEGHeader, _ limits: ImageLimits
    ) throws(ImageError) -> ImageHeader {
        try limits.check(width: header.width, height: header.height)
        return ImageHeader(
            format: .jpeg, width: header.width, height: header.height, orientation: header.orientation)
    }

    private static func checkedHeader(
        _ header: PNGHeader, _ limits: ImageLimits
    ) throws(ImageError) -> ImageHeader {
        try limits.check(width: header.width, height: header.height)
        return ImageHeader(format: .png, width: header.width, height: header.height, orientation: header.orientation)
    }
}
