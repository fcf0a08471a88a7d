// SPDX-License-Identifier: MIT

extension RGBImage {
    /// A part of the picture, its pixels as they are.
    /// - Precondition: the ranges are not empty and lie inside the picture.
    public func cropped(x: Range<Int>, y: Range<Int>) -> RGBImage {
        precondition(
            !x.isEmpty && !y.isEmpty && x.lowerBound >= 0 && y.lowerBound >= 0 && x.upperBound <= width
                && y.upperBound <= height, "cropped: \(x) by \(y) of \(width)x\(height) pixels")
        var part: [UInt8] = []
        part.reserveCapacity(x.count * y.count * 3)
        for row in y {
            let start = (row * width + x.lowerBound) * 3
            part += pixels[start..<start + x.count * 3]
        }
        return RGBImage(width: x.count, height: y.count, pixels: part)
    }
}
