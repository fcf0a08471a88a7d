// SPDX-License-Identifier: MIT

/// Pillow 13's `Image.resize(size, BICUBIC)` on 8-bit RGB, byte for byte.
///
/// Two passes, rounded and clipped to bytes between them; a pass whose size does not change is left out. Pillow 13
/// goes across and then down, but down first where the height loses more than twice as many pixels as the width
/// (its pull request 9549); earlier versions always go across first, which differs by a level here and there.
/// Source: Pillow, Resample.c, `ImagingResampleInner`.
enum Resampler {
    /// - Parameter pixels: `[height, width, 3]`.
    /// - Returns: `[toHeight, toWidth, 3]`.
    static func bicubic(_ pixels: [UInt8], width: Int, height: Int, toWidth: Int, toHeight: Int) -> [UInt8] {
        if height > toHeight, height - toHeight > 2 * (width - toWidth) {
            let lower = downPass(pixels, width: width, height: height, toHeight: toHeight)
            return acrossPass(lower, width: width, height: toHeight, toWidth: toWidth)
        }
        let narrower = acrossPass(pixels, width: width, height: height, toWidth: toWidth)
        return downPass(narrower, width: toWidth, height: height, toHeight: toHeight)
    }

    private static func acrossPass(_ pixels: [UInt8], width: Int, height: Int, toWidth: Int) -> [UInt8] {
        guard toWidth != width else { return pixels }
        let axis = ResamplingCoefficients(inputSize: width, outputSize: toWidth)
        let byteCount = height * toWidth * 3
        return [UInt8](unsafeUninitializedCapacity: byteCount) { out, written in
            pixels.withUnsafeBufferPointer { pixels in
                axis.weights.withUnsafeBufferPointer { weights in
                    var target = 0
                    for y in 0..<height {
                        for x in 0..<toWidth {
                            var source = (y * width + axis.starts[x]) * 3
                            var (red, green, blue) = (half, half, half)
                            for tap in (x * axis.stride)..<(x * axis.stride + axis.counts[x]) {
                                let weight = weights[tap]
                                red &+= Int32(pixels[source]) &* weight
                                green &+= Int32(pixels[source + 1]) &* weight
                                blue &+= Int32(pixels[source + 2]) &* weight
                                source += 3
                            }
                            out[target] = clip(red)
                            out[target + 1] = clip(green)
                            out[target + 2] = clip(blue)
                            target += 3
                        }
                    }
                }
            }
            written = byteCount
        }
    }

    private static func downPass(_ pixels: [UInt8], width: Int, height: Int, toHeight: Int) -> [UInt8] {
        guard toHeight != height else { return pixels }
        let rowBytes = width * 3
        let axis = ResamplingCoefficients(inputSize: height, outputSize: toHeight)
        let byteCount = toHeight * rowBytes
        return [UInt8](unsafeUninitializedCapacity: byteCount) { out, written in
            pixels.withUnsafeBufferPointer { pixels in
                axis.weights.withUnsafeBufferPointer { weights in
                    for y in 0..<toHeight {
                        let taps = (y * axis.stride)..<(y * axis.stride + axis.counts[y])
                        for x in 0..<rowBytes {
                            var source = axis.starts[y] * rowBytes + x
                            var sum = half
                            for tap in taps {
                                sum &+= Int32(pixels[source]) &* weights[tap]
                                source += rowBytes
                            }
                            out[y * rowBytes + x] = clip(sum)
                        }
                    }
                }
            }
            written = byteCount
        }
    }

    /// One half in fixed point, so that cutting off the fraction rounds.
    private static let half = Int32(1) << Int32(ResamplingCoefficients.precisionBits - 1)

    @inline(__always)
    private static func clip(_ sum: Int32) -> UInt8 {
        UInt8(clamping: sum >> Int32(ResamplingCoefficients.precisionBits))
    }
}
