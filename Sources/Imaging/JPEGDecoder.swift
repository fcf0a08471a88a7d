// SPDX-License-Identifier: MIT

import CImageCodecs

/// Decodes JPEG through libjpeg-turbo with its accurate integer DCT and smooth chroma upsampling, as Pillow does.
enum JPEGDecoder {
    static func decode(_ bytes: [UInt8], _ header: JPEGHeader) throws(ImageError) -> RGBImage {
        let isCMYK = header.components == 4
        let layout = isCMYK ? CIC_JPEG_CMYK : CIC_JPEG_RGB
        var samples = [UInt8](repeating: 0, count: header.width * header.height * Int(layout.rawValue))
        try CodecStatus.check(.jpeg) { message in
            cic_jpeg_decode(
                bytes, bytes.count, UInt32(header.width), UInt32(header.height), layout, &samples, samples.count,
                message)
        }
        if isCMYK { convertCMYK(&samples) }
        return RGBImage(
            width: header.width, height: header.height, pixels: samples, orientation: header.orientation)
    }

    /// Four inks to three lights, in place, by Pillow's plain formula and no colour profile.
    ///
    /// Inks are stored inverted (255 is none), as Adobe's programs write them and every reader assumes.
    private static func convertCMYK(_ samples: inout [UInt8]) {
        let pixels = samples.count / 4
        samples.withUnsafeMutableBufferPointer { samples in
            for index in 0..<pixels {
                let light = Int(samples[4 * index + 3])
                for channel in 0..<3 {
                    let ink = 255 - Int(samples[4 * index + channel])
                    samples[3 * index + channel] = UInt8(max(0, light - divideBy255(ink * light)))
                }
            }
        }
        samples.removeLast(pixels)
    }

    /// `product / 255`, rounded to nearest, for products of two bytes.
    private static func divideBy255(_ product: Int) -> Int {
        let biased = product + 128
        return ((biased >> 8) + biased) >> 8
    }
}
