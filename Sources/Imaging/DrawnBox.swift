// SPDX-License-Identifier: MIT

/// A box to be drawn on a picture, in its pixels: x to the right, y down, from the top left corner.
public struct DrawnBox: Hashable, Sendable {
    public var xmin: Double
    public var ymin: Double
    public var xmax: Double
    public var ymax: Double
    /// What is in the box; empty for none. Any text is drawable.
    public var label: String
    /// Which colour; colours repeat after seven, and any number is allowed.
    public var colorIndex: Int
    /// Shown before the label, to find the box in a list.
    public var number: Int?

    public init(
        xmin: Double, ymin: Double, xmax: Double, ymax: Double, label: String = "", colorIndex: Int = 0,
        number: Int? = nil
    ) {
        self.xmin = xmin
        self.ymin = ymin
        self.xmax = xmax
        self.ymax = ymax
        self.label = label
        self.colorIndex = colorIndex
        self.number = number
    }

    /// Longer labels are cut off: no picture has room for more.
    static let maximumLabelCharacters = 100

    /// The number and label as one line of printable text.
    var tagText: String {
        let words = [number.map(String.init) ?? "", label].filter { !$0.isEmpty }.joined(separator: " ")
        let printable = words.prefix(Self.maximumLabelCharacters).unicodeScalars.map { scalar -> Character in
            // cairo stops drawing for good at a code point that Unicode reserves as no character.
            if scalar.properties.isNoncharacterCodePoint { return Character("\u{FFFD}") }
            return switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: Character(" ")
            default: Character(scalar)
            }
        }
        return String(String(printable).drop { $0 == " " })
    }
}
