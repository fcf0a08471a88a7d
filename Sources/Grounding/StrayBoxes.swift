// SPDX-License-Identifier: MIT

/// What looks like the beginning of a box and belongs to none: an `<object>` that is not a well-formed list of pairs, or
/// location tokens outside any `<object>`.
struct StrayBoxes {
    /// How many such sequences there are, and where the first begins, in Unicode scalars.
    private(set) var count = 0
    private(set) var first: Int?

    private static let object = Array(Tag.object.rawValue.unicodeScalars)
    private static let delimiter = Array(Tag.delimiter.rawValue.unicodeScalars)
    private static let location = Array("<patch_index_".unicodeScalars)

    /// - Parameter matched: the stretches that became entities, in order.
    init(in text: [Unicode.Scalar], outside matched: [Range<Int>]) {
        var rest = matched[...]
        var index = 0
        // The end of what was counted last; the tags and blanks that follow at once belong to it.
        var end = -1
        while index < text.count {
            if let next = rest.first, next.lowerBound == index {
                index = next.upperBound
                rest = rest.dropFirst()
                continue
            }
            let tail = text[index...]
            let isObject = tail.starts(with: Self.object)
            let isLocation = tail.starts(with: Self.location)
            let continues = index == end
            if isObject || (isLocation && !continues) { note(index) }
            if isObject || isLocation || (continues && tail.starts(with: Self.delimiter)) {
                end = Self.end(of: index, in: text)
            } else if continues, PythonBlank.contains(text[index]) {
                end += 1
            }
            index += 1
        }
    }

    /// One sentence, if there is anything to say.
    var warnings: [String] {
        guard let first else { return [] }
        return count == 1
            ? ["1 malformed box sequence was ignored, at character \(first)"]
            : ["\(count) malformed box sequences were ignored, the first at character \(first)"]
    }

    private mutating func note(_ index: Int) {
        count += 1
        first = first ?? index
    }

    /// The place after a tag's ">", or after its first scalar when it has none: tags are short.
    private static func end(of start: Int, in text: [Unicode.Scalar]) -> Int {
        let window = text[start...].prefix(40)
        return window.firstIndex(of: ">").map { $0 + 1 } ?? start + 1
    }
}
