// SPDX-License-Identifier: MIT

/// The picture formats read here.
public enum ImageFormat: String, Hashable, Sendable {
    case jpeg = "JPEG"
    case png = "PNG"
}

/// What a picture says of itself before any pixel is decoded.
public struct ImageHeader: Hashable, Sendable {
    public let format: ImageFormat
    /// Pixels per stored row, before any turning.
    public let width: Int
    /// Stored rows, before any turning.
    public let height: Int
    /// The EXIF orientation, 1...8; 1 when absent or senseless.
    public let orientation: Int

    /// Width and height as the picture is meant to be seen.
    public var orientedSize: (width: Int, height: Int) {
        orientation >= 5 ? (height, width) : (width, height)
    }
}
