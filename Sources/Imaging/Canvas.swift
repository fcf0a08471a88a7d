// SPDX-License-Identifier: MIT

import CCairo

/// A picture to draw boxes on.
///
/// Lines and text grow with the picture. Every line is a coloured stroke inside a black and white outline, so that it
/// can be told from any photograph.
public struct Canvas: Sendable {
    /// The longest side that cairo draws on.
    public static let maximumSide = 32_767

    /// The picture as drawn so far.
    public private(set) var image: RGBImage

    public init(_ image: RGBImage) {
        self.image = image
    }

    /// Draws boxes, first to last, then their tags above all of them.
    ///
    /// Edges outside the picture are drawn at its border; a box with a coordinate that is no finite number is left out.
    /// - Throws: ``ImageError/Code/sideTooLong`` over ``maximumSide``, or ``ImageError/Code/outOfMemory``.
    public mutating func draw(boxes: [DrawnBox]) throws(ImageError) {
        try ImageLimits(maxPixels: .max, maxSide: Self.maximumSide).check(width: image.width, height: image.height)
        var words = image.cairoPixels()
        let drawn = words.withUnsafeMutableBufferPointer { words in
            Self.draw(boxes, on: words, width: image.width, height: image.height)
        }
        guard drawn else { throw ImageError(code: .outOfMemory, message: "no memory to draw on the picture") }
        image = RGBImage(cairoPixels: words, width: image.width, height: image.height, orientation: image.orientation)
    }

    private static func draw(
        _ boxes: [DrawnBox], on words: UnsafeMutableBufferPointer<UInt32>, width: Int, height: Int
    ) -> Bool {
        let bytes = UnsafeMutableRawPointer(words.baseAddress!).assumingMemoryBound(to: UInt8.self)
        let surface = cairo_image_surface_create_for_data(
            bytes, CAIRO_FORMAT_RGB24, Int32(width), Int32(height), Int32(width * 4))
        defer { cairo_surface_destroy(surface) }
        let context = cairo_create(surface)
        defer { cairo_destroy(context) }
        guard let context, cairo_status(context) == CAIRO_STATUS_SUCCESS else { return false }
        var painter = BoxPainter(context: context, width: Double(width), height: Double(height))
        painter.paint(boxes)
        cairo_surface_flush(surface)
        return cairo_status(context) == CAIRO_STATUS_SUCCESS
    }
}

extension RGBImage {
    /// One 0x00RRGGBB word per pixel, as cairo's RGB24 format wants them.
    fileprivate func cairoPixels() -> [UInt32] {
        pixels.withUnsafeBufferPointer { pixels in
            (0..<(width * height)).map { index in
                UInt32(pixels[3 * index]) << 16 | UInt32(pixels[3 * index + 1]) << 8 | UInt32(pixels[3 * index + 2])
            }
        }
    }

    fileprivate init(cairoPixels words: [UInt32], width: Int, height: Int, orientation: Int) {
        let pixels = [UInt8](unsafeUninitializedCapacity: words.count * 3) { out, count in
            for (index, word) in words.enumerated() {
                out[3 * index] = UInt8(truncatingIfNeeded: word >> 16)
                out[3 * index + 1] = UInt8(truncatingIfNeeded: word >> 8)
                out[3 * index + 2] = UInt8(truncatingIfNeeded: word)
            }
            count = words.count * 3
        }
        self.init(width: width, height: height, pixels: pixels, orientation: orientation)
    }
}
