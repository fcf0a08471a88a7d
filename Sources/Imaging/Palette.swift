// SPDX-License-Identifier: MIT

/// The colours of drawn boxes.
///
/// Seven hues that people with any of the common colour blindnesses tell apart.
/// Source: Okabe and Ito, "Color Universal Design", 2002 (black, the eighth, is the outline's).
enum Palette {
    struct Color {
        let red: Double
        let green: Double
        let blue: Double

        fileprivate init(_ hex: UInt32) {
            red = Double(hex >> 16 & 0xFF) / 255
            green = Double(hex >> 8 & 0xFF) / 255
            blue = Double(hex & 0xFF) / 255
        }

        /// Whether black text reads better on this colour than white.
        var isLight: Bool { 0.299 * red + 0.587 * green + 0.114 * blue > 0.55 }
    }

    private static let colors = [0xE69F00, 0x56B4E9, 0x009E73, 0xF0E442, 0x0072B2, 0xD55E00, 0xCC79A7].map(Color.init)

    /// Any index has a colour; they repeat after seven.
    static func color(_ index: Int) -> Color {
        let position = index % colors.count
        return colors[position < 0 ? position + colors.count : position]
    }
}
