// SPDX-License-Identifier: MIT

/// What may go to a client of the network: nothing of the machine that it was made on.
enum PublicText {
    /// Where machines keep things; no answer speaks of them unless its caller did.
    private static let places = ["/tmp/", "/home/", "/usr/", "/var/", "/proc/", "/dev/", ".swift:"]

    /// - Parameter input: what the caller sent: a refusal may quote it.
    static func check(_ text: String, quoting input: [UInt8]) throws(BrokenPromise) {
        for place in places where text.contains(place) && !holds(input, Array(place.utf8)) {
            throw BrokenPromise("a refusal names no path", text)
        }
        for digits in addresses(in: text) where !holds(input, digits) {
            throw BrokenPromise("a refusal holds no address of memory", text)
        }
    }

    /// What follows `0x`, of eleven digits or more: an address has them, and the height in 0x4294967295 pixels has ten.
    private static func addresses(in text: String) -> [[UInt8]] {
        let bytes = Array(text.utf8)
        return bytes.indices.dropLast(2).filter { bytes[$0] == 0x30 && bytes[$0 + 1] == 0x78 }.map { start in
            Array(bytes[(start + 2)...].prefix { Character(Unicode.Scalar($0)).isHexDigit })
        }.filter { $0.count >= 11 }
    }

    static func holds(_ bytes: [UInt8], _ word: [UInt8]) -> Bool {
        !word.isEmpty && bytes.indices.contains { bytes[$0...].starts(with: word) }
    }
}
