// SPDX-License-Identifier: MIT

import CImageCodecs

/// Pixels to a PNG file: 8-bit RGB, and nothing but the pixels.
public enum PNGEncoder {
    /// - Throws: ``ImageError/Code/outOfMemory`` only; every ``RGBImage`` fits the format.
    public static func encode(_ image: RGBImage) throws(ImageError) -> [UInt8] {
        try EncodedFile.make(.png) { file, length, message in
            cic_png_encode(image.pixels, UInt32(image.width), UInt32(image.height), file, length, message)
        }
    }
}

/// Pixels to a JPEG file: YCbCr, and nothing but the pixels.
public enum JPEGEncoder {
    /// How the file is laid out.
    public struct Options: Hashable, Sendable {
        /// 1 (smallest) to 100 (best).
        public var quality: Int
        /// Whether colour is stored at half the resolution (4:2:0) or at the full one (4:4:4).
        public var halvesColor: Bool
        public var isProgressive: Bool

        public init(quality: Int = 90, halvesColor: Bool = true, isProgressive: Bool = false) {
            self.quality = quality
            self.halvesColor = halvesColor
            self.isProgressive = isProgressive
        }
    }

    /// The longest side that libjpeg writes.
    public static let maximumSide = 65_500

    /// - Throws: ``ImageError/Code/sideTooLong`` over ``maximumSide``.
    /// - Precondition: the quality is 1...100.
    public static func encode(_ image: RGBImage, _ options: Options = Options()) throws(ImageError) -> [UInt8] {
        precondition((1...100).contains(options.quality), "JPEGEncoder: quality \(options.quality)")
        try ImageLimits(maxPixels: .max, maxSide: maximumSide).check(width: image.width, height: image.height)
        return try EncodedFile.make(.jpeg) { file, length, message in
            cic_jpeg_encode(
                image.pixels, UInt32(image.width), UInt32(image.height), Int32(options.quality),
                options.halvesColor ? 1 : 0, options.isProgressive ? 1 : 0, file, length, message)
        }
    }
}

/// A file that a C encoder allocated.
private enum EncodedFile {
    typealias Encode = (
        UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>, UnsafeMutablePointer<CChar>
    ) -> cic_status

    /// Runs an encoder, copies what it wrote and gives its memory back.
    static func make(_ format: ImageFormat, _ encode: Encode) throws(ImageError) -> [UInt8] {
        var file: UnsafeMutablePointer<UInt8>?
        var length = 0
        try CodecStatus.check(format) { encode(&file, &length, $0) }
        defer { cic_free(file) }
        return Array(UnsafeBufferPointer(start: file, count: length))
    }
}
