// SPDX-License-Identifier: MIT

/// A numbered piece of work, written as a question: what it does to its worker, which one it is, and how long it takes.
struct Payload: Sendable, Hashable {
    enum Kind: String, Sendable {
        case work
        /// Kills the worker that runs it.
        case poison
        /// Takes memory until there is none.
        case hog
    }

    let kind: Kind
    /// Unique among all payloads of all clients.
    let number: String
    let milliseconds: Int

    var question: String { "\(kind.rawValue) \(number) \(milliseconds)" }

    init(_ kind: Kind, _ number: String, milliseconds: Int) {
        self.kind = kind
        self.number = number
        self.milliseconds = milliseconds
    }

    init?(question: String) {
        let words = question.split(separator: " ")
        guard words.count == 3, let kind = Kind(rawValue: String(words[0])), let time = Int(words[2]) else {
            return nil
        }
        self.init(kind, String(words[1]), milliseconds: time)
    }

    /// Bytes that are this payload's alone; an answer shows by ``checksum(of:)`` whose picture its worker had.
    var image: [UInt8] {
        let word = Array(question.utf8)
        let size = 200 + Int(Self.hash(word) % 20_000)
        return (0..<size).map { word[$0 % word.count] &+ UInt8(truncatingIfNeeded: $0 / word.count) }
    }

    static func checksum(of image: [UInt8]) -> String { String(hash(image), radix: 16) }

    /// FNV-1a.
    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
