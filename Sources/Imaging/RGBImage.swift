// SPDX-License-Identifier: MIT

/// A picture of 8-bit red, green and blue.
public struct RGBImage: Hashable, Sendable {
    /// Pixels per row, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// `[height, width, 3]`, row-major from the top left.
    public let pixels: [UInt8]
    /// The EXIF orientation found in the file, 1...8; whether it has been applied is the decoder's mode.
    public let orientation: Int

    /// - Precondition: both sides are at least 1 and `pixels` has `width * height * 3` bytes.
    public init(width: Int, height: Int, pixels: [UInt8], orientation: Int = 1) {
        precondition(
            width > 0 && height > 0 && pixels.count == width * height * 3,
            "RGBImage: \(width)x\(height) pixels in \(pixels.count) bytes")
        self.width = width
        self.height = height
        self.pixels = pixels
        self.orientation = orientation
    }
}
