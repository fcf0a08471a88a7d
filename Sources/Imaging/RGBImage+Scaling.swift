// SPDX-License-Identifier: MIT

/// How new pixels are made when a picture is enlarged.
public enum ScalingFilter: Hashable, Sendable {
    /// Each pixel becomes a block: what the picture truly holds stays visible.
    case nearest
    /// Smooth, as ``Preprocessor/squash(_:side:)``.
    case bicubic
}

extension RGBImage {
    /// The picture enlarged by a whole factor, for drawing on.
    /// - Precondition: `factor` is at least 1.
    public func scaled(by factor: Int, _ filter: ScalingFilter = .nearest) -> RGBImage {
        precondition(factor > 0, "scaled: by a factor of \(factor)")
        switch filter {
        case .nearest: return blocks(of: factor)
        case .bicubic: return resized(toWidth: width * factor, height: height * factor)
        }
    }

    /// The picture at any size, bicubic and antialiased, equal to Pillow's byte for byte.
    /// - Precondition: both sides are at least 1.
    public func resized(toWidth newWidth: Int, height newHeight: Int) -> RGBImage {
        precondition(newWidth > 0 && newHeight > 0, "resized: to \(newWidth)x\(newHeight)")
        let resampled = Resampler.bicubic(
            pixels, width: width, height: height, toWidth: newWidth, toHeight: newHeight)
        return RGBImage(width: newWidth, height: newHeight, pixels: resampled, orientation: orientation)
    }

    private func blocks(of factor: Int) -> RGBImage {
        var enlarged = [UInt8]()
        enlarged.reserveCapacity(pixels.count * factor * factor)
        for y in 0..<(height * factor) {
            for x in 0..<(width * factor) {
                let source = (y / factor * width + x / factor) * 3
                enlarged.append(contentsOf: pixels[source..<(source + 3)])
            }
        }
        return RGBImage(width: width * factor, height: height * factor, pixels: enlarged, orientation: orientation)
    }
}
