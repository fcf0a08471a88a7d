// SPDX-License-Identifier: MIT

/// The text of a key's file: one `word value` on a line, `#` before a comment.
struct KeyText {
    private var values: [String: String] = [:]

    /// More than any key's file has.
    static let longest = 4096

    private static let words: Set<String> = ["role", "name", "public", "secret", "broker"]

    /// - Throws: `key`, saying which line is wrong; never what is on it.
    init(_ text: String) throws(MessagingError) {
        // By bytes: to a character, the two that end a line elsewhere are one.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, bytes) in lines.enumerated() {
            let line = Substring(bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes)
            guard !line.isEmpty, line.utf8.first != UInt8(ascii: "#") else { continue }
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, Self.words.contains(String(parts[0])), values[String(parts[0])] == nil else {
                throw MessagingError(.key, "line \(number + 1) is not one word of a key file and its value")
            }
            values[String(parts[0])] = String(parts[1])
        }
    }

    init(_ values: [String: String]) {
        self.values = values
    }

    subscript(word: String) -> String? { values[word] }

    func required(_ word: String) throws(MessagingError) -> String {
        guard let value = values[word] else { throw MessagingError(.key, "has no line \"\(word)\"") }
        return value
    }

    /// - Parameter comment: one line.
    func text(comment: String) -> String {
        let lines = ["role", "name", "public", "secret", "broker"].compactMap { word in
            values[word].map { "\(word) \($0)" }
        }
        return (["# \(comment)"] + lines).joined(separator: "\n") + "\n"
    }
}
