// SPDX-License-Identifier: MIT
package import Imaging

/// A picture made up for timing: what is in it does not change what it costs.
package enum BenchmarkPicture {
    private static let (width, height) = (640, 480)

    /// Slopes of colour with a lighter square in the middle.
    package static var image: RGBImage {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let isInside = (200..<440).contains(x) && (120..<360).contains(y)
                let light = isInside ? 80 : 0
                pixels.append(UInt8(light + x * 175 / width))
                pixels.append(UInt8(light + y * 175 / height))
                pixels.append(UInt8(light + (x + y) * 175 / (width + height)))
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }
}
