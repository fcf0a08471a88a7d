// SPDX-License-Identifier: MIT

/// A JSON value that keeps the order of its members, so that equal results are equal text.
package enum JSONText {
    case string(String)
    case number(Double)
    case integer(Int)
    case bool(Bool)
    case array([JSONText])
    case object([(key: String, value: JSONText)])
    /// Text that is JSON already.
    case written(String)

    /// `indent` nil writes everything on one line.
    package func text(indented: Bool) -> String {
        var result = ""
        write(to: &result, indented: indented, depth: 0)
        return result
    }

    private func write(to text: inout String, indented: Bool, depth: Int) {
        switch self {
        case .string(let value): Self.quote(value, to: &text)
        case .number(let value): text += Self.number(value)
        case .integer(let value): text += String(value)
        case .bool(let value): text += value ? "true" : "false"
        case .array(let values): writeArray(values, to: &text, indented: indented, depth: depth)
        case .written(let json): text += json
        case .object(let members): writeObject(members, to: &text, indented: indented, depth: depth)
        }
    }

    private func writeArray(_ values: [JSONText], to text: inout String, indented: Bool, depth: Int) {
        // Four coordinates are easier to read side by side.
        let broken = indented && values.contains { !$0.isNumber }
        text += "["
        for (index, value) in values.enumerated() {
            if index > 0 { text += broken || !indented ? "," : ", " }
            if broken { Self.newLine(depth + 1, in: &text) }
            value.write(to: &text, indented: indented, depth: depth + 1)
        }
        if broken { Self.newLine(depth, in: &text) }
        text += "]"
    }

    private func writeObject(
        _ members: [(key: String, value: JSONText)], to text: inout String, indented: Bool, depth: Int
    ) {
        text += "{"
        for (index, member) in members.enumerated() {
            if index > 0 { text += "," }
            if indented { Self.newLine(depth + 1, in: &text) }
            Self.quote(member.key, to: &text)
            text += indented ? ": " : ":"
            member.value.write(to: &text, indented: indented, depth: depth + 1)
        }
        if indented && !members.isEmpty { Self.newLine(depth, in: &text) }
        text += "}"
    }

    private var isNumber: Bool {
        switch self {
        case .number, .integer: true
        default: false
        }
    }

    private static func newLine(_ depth: Int, in text: inout String) {
        text += "\n" + String(repeating: "  ", count: depth)
    }

    /// The shortest text that reads back as the same number; whole numbers without a fraction.
    private static func number(_ value: Double) -> String {
        precondition(value.isFinite, "JSON number: \(value)")
        if let whole = Int(exactly: value), abs(whole) < 1 << 53, !(whole == 0 && value.sign == .minus) {
            return String(whole)
        }
        return value.description
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            // Control characters must be escaped; the two line separators are, for readers that take JSON as script.
            case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
