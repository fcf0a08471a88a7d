// SPDX-License-Identifier: MIT

/// Several byte strings as one input: a separator between them stays one under most changes, and lengths would not.
enum Parts {
    static let separator = Array("\n--\n".utf8)

    static func join(_ parts: [[UInt8]]) -> [UInt8] {
        Array(parts.joined(separator: separator))
    }

    static func split(_ input: some Collection<UInt8>) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var rest = Array(input)[...]
        while let byte = rest.first {
            if byte == separator[0], rest.starts(with: separator) {
                parts.append([])
                rest = rest.dropFirst(separator.count)
            } else {
                parts[parts.count - 1].append(byte)
                rest = rest.dropFirst()
            }
        }
        return parts
    }
}
