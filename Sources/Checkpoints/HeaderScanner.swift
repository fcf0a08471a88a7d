// SPDX-License-Identifier: MIT

/// One tensor as a safetensors header describes it; offsets count from the end of the header.
struct HeaderEntry {
    var name: String
    var dtype: String
    var shape: [UInt64]
    var begin: UInt64
    var end: UInt64
}

/// Reads the JSON of a safetensors header, and nothing more than the format allows.
///
/// A general JSON reader is the wrong tool here: Foundation's keeps one of two duplicate keys (which one depends on
/// the class), folds names that differ only in Unicode normalisation, and takes `1e3` for an integer. This scanner
/// refuses all three. It works on bytes and never recurses, so no header can exhaust the stack.
struct HeaderScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private let file: String

    init(_ bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// The entries in the order of the header, and the metadata.
    mutating func scan() throws(CheckpointError) -> (entries: [HeaderEntry], metadata: [String: String]) {
        guard bytes.first == UInt8(ascii: "{") else { throw syntax("does not start with '{'") }
        var entries: [HeaderEntry] = []
        var metadata: [String: String] = [:]
        var seen: Set<[UInt8]> = []
        try object { (scanner, key) throws(CheckpointError) in
            guard seen.insert(Array(key.utf8)).inserted else { throw scanner.syntax("names \"\(key)\" twice") }
            if key == "__metadata__" {
                metadata = try scanner.metadata()
                return
            }
            guard entries.count < SafetensorsLimits.tensors else {
                throw CheckpointError(.limit, "\(scanner.file): more than \(SafetensorsLimits.tensors) tensors")
            }
            guard key.utf8.count <= SafetensorsLimits.nameBytes else {
                throw CheckpointError(
                    .limit,
                    "\(scanner.file): a tensor name of \(key.utf8.count) bytes; the limit is \(SafetensorsLimits.nameBytes)"
                )
            }
            entries.append(try scanner.entry(named: key))
        }
        skipBlanks()
        guard position == bytes.count else { throw syntax("goes on after its object") }
        return (entries, metadata)
    }

    private mutating func entry(named name: String) throws(CheckpointError) -> HeaderEntry {
        var dtype: String?
        var shape: [UInt64]?
        var offsets: [UInt64]?
        try object { (scanner, key) throws(CheckpointError) in
            switch key {
            case "dtype" where dtype == nil: dtype = try scanner.string()
            case "shape" where shape == nil: shape = try scanner.integers()
            case "data_offsets" where offsets == nil: offsets = try scanner.integers()
            default: throw scanner.syntax("has an unexpected or repeated field \"\(key)\" for tensor \"\(name)\"")
            }
        }
        guard let dtype, let shape, let offsets, offsets.count == 2 else {
            throw syntax("lacks dtype, shape or two data_offsets for tensor \"\(name)\"")
        }
        guard shape.count <= SafetensorsLimits.rank else {
            throw CheckpointError(
                .limit, "\(file): tensor \"\(name)\" has rank \(shape.count); the limit is \(SafetensorsLimits.rank)")
        }
        return HeaderEntry(name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
    }

    private mutating func metadata() throws(CheckpointError) -> [String: String] {
        var result: [String: String] = [:]
        try object { (scanner, key) throws(CheckpointError) in
            let old = result.updateValue(try scanner.string(), forKey: key)
            guard old == nil else { throw scanner.syntax("names \"\(key)\" twice in its metadata") }
        }
        return result
    }

    // MARK: - The JSON that occurs

    private mutating func object(
        _ member: (inout HeaderScanner, String) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try expect("{")
        if accept("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while accept(",")
        try expect("}")
    }

    private mutating func integers() throws(CheckpointError) -> [UInt64] {
        var result: [UInt64] = []
        try expect("[")
        if accept("]") { return result }
        repeat {
            result.append(try integer())
            guard result.count <= SafetensorsLimits.rank + 1 else { throw syntax("has an over-long list of integers") }
        } while accept(",")
        try expect("]")
        return result
    }

    private mutating func integer() throws(CheckpointError) -> UInt64 {
        skipBlanks()
        let start = position
        var value: UInt64 = 0
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(bytes[position] - UInt8(ascii: "0")))
            guard !overflow, !carry else {
                throw CheckpointError(.overflow, "\(file): an integer of the header is too large")
            }
            value = sum
            position += 1
        }
        guard position > start else { throw syntax("has something other than a plain integer at byte \(start)") }
        guard position - start == 1 || bytes[start] != UInt8(ascii: "0") else {
            throw syntax("has an integer with leading zeros at byte \(start)")
        }
        return value
    }

    private mutating func string() throws(CheckpointError) -> String {
        try expect("\"")
        var content: [UInt8] = []
        while true {
            guard position < bytes.count else { throw syntax("ends inside a string") }
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                // The whole header was checked to be UTF-8; escapes add only whole scalars.
                return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                content += try escape()
            case 0..<0x20:
                throw syntax("has a control character inside a string")
            default:
                content.append(byte)
            }
        }
    }

    private mutating func escape() throws(CheckpointError) -> [UInt8] {
        guard position < bytes.count else { throw syntax("ends inside a string") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(Character(try unicodeEscape())).utf8)
        default: throw syntax("has an unknown escape in a string")
        }
    }

    private mutating func unicodeEscape() throws(CheckpointError) -> Unicode.Scalar {
        let first = try hexadecimal()
        guard (0xD800..<0xDC00).contains(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw syntax("has a lone surrogate in a string") }
            return scalar
        }
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw syntax("has a lone surrogate in a string") }
        position += 2
        let second = try hexadecimal()
        guard (0xDC00..<0xE000).contains(second) else { throw syntax("has a lone surrogate in a string") }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))!
    }

    private mutating func hexadecimal() throws(CheckpointError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw syntax("ends inside a string") }
        var value: UInt32 = 0
        for offset in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position + offset])).hexDigitValue else {
                throw syntax("has a malformed escape in a string")
            }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }

    private mutating func skipBlanks() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(CheckpointError) {
        guard accept(character) else { throw syntax("lacks '\(character)' at byte \(position)") }
    }

    private func syntax(_ problem: String) -> CheckpointError {
        CheckpointError(.headerSyntax, "\(file): the header \(problem)")
    }
}
