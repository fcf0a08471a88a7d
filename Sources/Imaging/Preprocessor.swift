// SPDX-License-Identifier: MIT

/// From a picture to what the vision tower reads.
///
/// Equal, byte for byte before normalising, to transformers' CLIP image processor on Pillow as configured for
/// KOSMOS-2 (`use_square_size`: the picture is squashed to a square, its aspect ratio not kept).
public enum Preprocessor {
    /// The mean of each channel, as a fraction of full scale. Source: OPENAI_CLIP_MEAN.
    public static let mean = [0.48145466, 0.4578275, 0.40821073]
    /// The standard deviation of each channel. Source: OPENAI_CLIP_STD.
    public static let standardDeviation = [0.26862954, 0.26130258, 0.27577711]

    /// `rescale_factor` of the processor.
    private static let rescaleFactor = 0.00392156862745098

    /// Resizes to a square, bicubic and antialiased.
    /// - Parameter side: the model's `image_size`, at least 1.
    /// - Returns: `[side, side, 3]`, 8-bit RGB.
    public static func squash(_ image: RGBImage, side: Int) -> [UInt8] {
        precondition(side > 0, "squash: a square of side \(side)")
        return Resampler.bicubic(
            image.pixels, width: image.width, height: image.height, toWidth: side, toHeight: side)
    }

    /// Scales bytes to 0...1, subtracts the mean and divides by the deviation, in float32 as the processor does.
    /// - Parameter u8: `[side, side, 3]`, from ``squash(_:side:)``.
    /// - Returns: `[3, side, side]`.
    public static func normalize(_ u8: [UInt8], side: Int) -> [Float] {
        precondition(u8.count == side * side * 3, "normalize: \(u8.count) bytes for [\(side), \(side), 3]")
        let planeSize = side * side
        return [Float](unsafeUninitializedCapacity: u8.count) { out, written in
            for channel in 0..<3 {
                let table = normalizedValues(of: channel)
                for index in 0..<planeSize {
                    out[channel * planeSize + index] = table[Int(u8[index * 3 + channel])]
                }
            }
            written = u8.count
        }
    }

    /// What each of the 256 bytes becomes in one channel.
    private static func normalizedValues(of channel: Int) -> [Float] {
        (0...255).map { byte in
            (Float(Double(byte) * rescaleFactor) - Float(mean[channel])) / Float(standardDeviation[channel])
        }
    }
}
