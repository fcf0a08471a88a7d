// SPDX-License-Identifier: MIT

import CImageCodecs

/// Decodes PNG through libpng's row interface; gamma and profiles are ignored, as Pillow ignores them.
enum PNGDecoder {
    static func decode(_ bytes: [UInt8], _ header: PNGHeader, _ mode: DecodingMode) throws(ImageError) -> RGBImage {
        let layout = layout(for: header, mode)
        let rule = mode == .reference ? CIC_PNG_HIGH_BYTE_16 : CIC_PNG_ROUND_16
        var samples = [UInt8](repeating: 0, count: header.width * header.height * Int(layout.rawValue))
        try CodecStatus.check(.png) { message in
            cic_png_decode(
                bytes, bytes.count, UInt32(header.width), UInt32(header.height), layout, rule, &samples, samples.count,
                message)
        }
        switch layout {
        case CIC_PNG_RGBA: layOnWhite(&samples)
        case CIC_PNG_GRAY16: samples = clippedGray(samples)
        default: break
        }
        return RGBImage(
            width: header.width, height: header.height, pixels: samples, orientation: header.orientation)
    }

    private static func layout(for header: PNGHeader, _ mode: DecodingMode) -> cic_png_layout {
        if mode == .reference, header.isGray16 { return CIC_PNG_GRAY16 }
        return header.hasAlpha ? CIC_PNG_RGBA : CIC_PNG_RGB
    }

    /// Pillow's `alpha_composite` over opaque white, in place: its fixed-point arithmetic with 7 extra bits
    /// (AlphaComposite.c), which rounds differently from a plain blend.
    private static func layOnWhite(_ samples: inout [UInt8]) {
        let pixels = samples.count / 4
        samples.withUnsafeMutableBufferPointer { samples in
            for index in 0..<pixels {
                let alpha = Int(samples[4 * index + 3])
                for channel in 0..<3 {
                    samples[3 * index + channel] = blend(Int(samples[4 * index + channel]), alpha)
                }
            }
        }
        samples.removeLast(pixels)
    }

    private static func blend(_ value: Int, _ alpha: Int) -> UInt8 {
        let extraBits = 7
        let weight = alpha << extraBits
        let sum = value * weight + 255 * ((255 << extraBits) - weight) + (0x80 << extraBits)
        return UInt8((((sum >> 8) + sum) >> 8) >> extraBits)
    }

    /// Big-endian 16-bit gray to RGB, everything above 255 white, which is what Pillow's `convert("RGB")` makes of
    /// its mode `I;16`.
    private static func clippedGray(_ samples: [UInt8]) -> [UInt8] {
        var pixels = [UInt8]()
        pixels.reserveCapacity(samples.count / 2 * 3)
        for index in stride(from: 0, to: samples.count, by: 2) {
            let gray = samples[index] == 0 ? samples[index + 1] : 255
            for _ in 0..<3 { pixels.append(gray) }
        }
        return pixels
    }
}
