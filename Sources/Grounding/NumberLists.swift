// SPDX-License-Identifier: MIT

/// A reader of the JSON that holds nothing but lists, numbers and `null`.
///
/// It tells `1` from `1.0`, which general readers do not, and the boxes of a prompt depend on it.
struct NumberLists {
    enum Value {
        case null
        case integer(Int)
        case decimal(Double)
        case list([Value])

        var integer: Int? { if case .integer(let value) = self { value } else { nil } }
        var decimal: Double? { if case .decimal(let value) = self { value } else { nil } }
        var isNumber: Bool { integer != nil || decimal != nil }
    }

    let value: Value

    /// Boxes are three lists deep; a little more is read, so that the error can speak of boxes.
    private static let deepest = 8

    init(_ text: String) throws(PhraseBoxError) {
        var reader = Reader(bytes: Array(text.utf8))
        value = try reader.value(depth: 0)
        reader.skipBlanks()
        guard reader.next == nil else { throw reader.failure }
    }

    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        var next: UInt8? { place < bytes.count ? bytes[place] : nil }
        var failure: PhraseBoxError { PhraseBoxError(.notJSON(byte: place)) }

        mutating func skipBlanks() {
            while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
        }

        mutating func take(_ literal: String) -> Bool {
            guard bytes[place...].starts(with: literal.utf8) else { return false }
            place += literal.utf8.count
            return true
        }

        mutating func value(depth: Int) throws(PhraseBoxError) -> Value {
            skipBlanks()
            if take("null") { return .null }
            guard next == UInt8(ascii: "[") else { return try number() }
            guard depth < deepest else { throw failure }
            return try list(depth: depth)
        }

        mutating func list(depth: Int) throws(PhraseBoxError) -> Value {
            place += 1
            skipBlanks()
            var items: [Value] = []
            if take("]") { return .list(items) }
            repeat {
                items.append(try value(depth: depth + 1))
                skipBlanks()
            } while take(",")
            guard take("]") else { throw failure }
            return .list(items)
        }

        /// `-`, digits without a needless zero, then a fraction and an exponent if there are any.
        mutating func number() throws(PhraseBoxError) -> Value {
            let start = place
            _ = take("-")
            let first = place
            guard digits() > 0, place == first + 1 || bytes[first] != UInt8(ascii: "0") else { throw failure }
            var isWhole = true
            if take(".") {
                isWhole = false
                guard digits() > 0 else { throw failure }
            }
            if take("e") || take("E") {
                isWhole = false
                if !take("+") { _ = take("-") }
                guard digits() > 0 else { throw failure }
            }
            let text = String(decoding: bytes[start..<place], as: UTF8.self)
            if isWhole, let value = Int(text) { return .integer(value) }
            guard !isWhole, let value = Double(text) else { throw failure }
            return .decimal(value)
        }

        mutating func digits() -> Int {
            let start = place
            while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
            return place - start
        }
    }
}
