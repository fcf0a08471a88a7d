// SPDX-License-Identifier: MIT

/// How large a picture may be. Each limit is the largest value still accepted, and each is checked against the
/// header before memory for pixels is asked for.
public struct ImageLimits: Hashable, Sendable {
    /// The file, in bytes.
    public var maxBytes: Int
    /// Width times height. Decoding takes up to four bytes for each, and as much again while a picture is turned.
    public var maxPixels: Int
    /// Width or height, in pixels.
    public var maxSide: Int

    /// The default ``maxBytes``: 32 MiB.
    public static let defaultMaxBytes = 32 << 20
    /// The default ``maxPixels``: room for a 48-megapixel telephone photograph.
    public static let defaultMaxPixels = 50_000_000
    /// The default ``maxSide``: the longest that ``Canvas`` can draw on.
    public static let defaultMaxSide = Canvas.maximumSide

    public init(
        maxBytes: Int = defaultMaxBytes, maxPixels: Int = defaultMaxPixels, maxSide: Int = defaultMaxSide
    ) {
        self.maxBytes = maxBytes
        self.maxPixels = maxPixels
        self.maxSide = maxSide
    }

    func check(byteCount: Int) throws(ImageError) {
        guard byteCount <= maxBytes else {
            throw ImageError(
                code: .tooManyBytes, message: "the picture has \(byteCount) bytes; at most \(maxBytes) are accepted")
        }
    }

    func check(width: Int, height: Int) throws(ImageError) {
        guard width > 0, height > 0 else {
            throw ImageError(code: .zeroSized, message: "the picture is \(width)x\(height) pixels; a side is empty")
        }
        guard max(width, height) <= maxSide else {
            throw ImageError(
                code: .sideTooLong,
                message: "the picture is \(width)x\(height) pixels; a side may have at most \(maxSide)")
        }
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, pixels <= maxPixels else {
            throw ImageError(
                code: .tooManyPixels,
                message: "the picture is \(width)x\(height) pixels; at most \(maxPixels) in all are accepted")
        }
    }
}
