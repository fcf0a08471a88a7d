// SPDX-License-Identifier: MIT

/// Pillow's `Image.resize(size, BICUBIC)` on 8-bit RGB, byte for byte.
///
/// Two passes, across and then down, rounded and clipped to bytes between them; a pass whose size does not change is
/// left out. Source: Pillow, Resample.c, `ImagingResampleInner`.
enum Resampler {
    /// - Parameter pixels: `[height, width, 3]`.
    /// - Returns: `[toHeight, toWidth, 3]`.
    static func bicubic(_ pixels: [UInt8], width: Int, height: Int, toWidth: Int, toHeight: Int) -> [UInt8] {
        var result = pixels
        if toWidth != width {
            result = acrossPass(result, width: width, height: height, toWidth: toWidth)
        }
        if toHeight != height {
            result = downPass(result, rowBytes: toWidth * 3, height: height, toHeight: toHeight)
        }
        return result
    }

    private static func acrossPass(_ pixels: [UInt8], width: Int, height: Int, toWidth: Int) -> [UInt8] {
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

    private static func downPass(_ pixels: [UInt8], rowBytes: Int, height: Int, toHeight: Int) -> [UInt8] {
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
