// SPDX-License-Identifier: MIT

/// The table of a SentencePiece model that rewrites characters before encoding (`nmt_nfkc`).
///
/// Stored in the model file as a double-array trie from byte strings to places in a pool of zero-terminated
/// replacements. Source: sentencepiece, `normalizer.cc` (format), and the reference's way of applying it, grapheme by
/// grapheme: huggingface/spm_precompiled.
struct CharacterMap: Sendable {
    private let units: [UInt32]
    private let replacements: [UInt8]

    /// Reads `normalizer_spec.precompiled_charsmap` (fields 3 and 2) of a serialised `ModelProto`. A model without a map
    /// changes nothing; `nil` when the file is damaged.
    init?(modelFile: [UInt8]) {
        guard let specification = ProtobufFields.lengthDelimited(3, in: modelFile[...]) else { return nil }
        guard let specification, let map = ProtobufFields.lengthDelimited(2, in: specification), let map, !map.isEmpty
        else {
            units = []
            replacements = []
            return
        }
        guard map.count > 4 else { return nil }
        let trieSize = (0..<4).reduce(0) { $0 | Int(map[map.startIndex + $1]) << (8 * $1) }
        guard trieSize > 0, trieSize % 4 == 0, trieSize <= map.count - 4 else { return nil }
        let trie = map.dropFirst(4).prefix(trieSize)
        units = stride(from: trie.startIndex, to: trie.endIndex, by: 4).map { start in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(trie[start + $1]) << (8 * UInt32($1)) }
        }
        replacements = Array(map.dropFirst(4 + trieSize))
    }

    /// The text with every mapped character replaced.
    func apply(to text: some StringProtocol) -> [UInt8] {
        var result: [UInt8] = []
        for grapheme in text {
            let bytes = Array(grapheme.utf8)
            // Only short graphemes are looked up whole; the reference's bound.
            if bytes.count < 6, let replacement = replacement(of: bytes) {
                result += replacement
                continue
            }
            for scalar in grapheme.unicodeScalars {
                let bytes = Array(UTF8.encode(scalar)!)
                result += replacement(of: bytes) ?? bytes[...]
            }
        }
        return result
    }

    /// What the shortest mapped prefix of the bytes is replaced by; `nil` when none is mapped.
    private func replacement(of bytes: [UInt8]) -> ArraySlice<UInt8>? {
        guard !units.isEmpty else { return nil }
        var position = offset(units[0])
        for byte in bytes {
            position ^= Int(byte)
            guard position < units.count else { return nil }
            let unit = units[position]
            guard unit & 0x8000_00FF == UInt32(byte) else { return nil }
            position ^= offset(unit)
            if unit >> 8 & 1 == 1, position < units.count {
                let start = Int(units[position] & 0x7FFF_FFFF)
                guard start < replacements.count else { return nil }
                return replacements[start...].prefix { $0 != 0 }
            }
        }
        return nil
    }

    /// The child offset packed into a unit: 21 bits, shifted by 8 more when bit 9 is set.
    private func offset(_ unit: UInt32) -> Int {
        Int(unit >> 10) << Int((unit & 1 << 9) >> 6)
    }
}

/// Just enough of protobuf's wire format to find one field of a message.
enum ProtobufFields {
    /// The last length-delimited field of that number; `.some(nil)` when absent, `nil` when the message is damaged.
    static func lengthDelimited(_ number: UInt64, in message: ArraySlice<UInt8>) -> ArraySlice<UInt8>?? {
        var rest = message
        var found: ArraySlice<UInt8>?
        while !rest.isEmpty {
            guard let key = varint(&rest) else { return nil }
            switch key & 7 {
            case 0:
                guard varint(&rest) != nil else { return nil }
            case 2:
                guard let length = varint(&rest), length <= UInt64(rest.count) else { return nil }
                if key >> 3 == number { found = rest.prefix(Int(length)) }
                rest = rest.dropFirst(Int(length))
            case 1, 5:
                let size = key & 7 == 1 ? 8 : 4
                guard rest.count >= size else { return nil }
                rest = rest.dropFirst(size)
            default:
                return nil
            }
        }
        return .some(found)
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
