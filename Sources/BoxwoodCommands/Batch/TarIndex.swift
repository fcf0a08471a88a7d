// SPDX-License-Identifier: MIT

/// A file of a tar archive: where its bytes are.
package struct TarMember: Sendable, Hashable {
    package let name: String
    package let offset: Int
    package let size: Int
}

/// Reads the headers of a tar archive: ustar, with the long names and sizes of pax and of GNU tar. (POSIX.1-2017, "pax"; GNU tar's
/// manual, "Basic Tar Format")
///
/// Links, folders and devices are passed over. What is sparse, cut off or no archive at all is refused.
package struct TarIndex {
    private static let block = 512

    /// Why an archive cannot be read, as what follows its name in a sentence.
    package struct Fault: Error, Hashable {
        package let predicate: String
    }

    private let size: Int
    private let read: (_ offset: Int, _ count: Int) throws(Fault) -> [UInt8]
    private var offset = 0
    /// From the extended headers before the member itself.
    private var nextName: String?
    private var nextSize: Int?

    /// - Parameters:
    ///   - size: of the archive in bytes.
    ///   - read: gives so many of its bytes, which are there.
    package init(size: Int, read: @escaping (_ offset: Int, _ count: Int) throws(Fault) -> [UInt8]) {
        self.size = size
        self.read = read
    }

    /// The next file; `nil` at the archive's end.
    package mutating func next() throws(Fault) -> TarMember? {
        while offset < size {
            guard offset + Self.block <= size else { throw Fault(predicate: "ends within a header") }
            let header = try read(offset, Self.block)
            // Two blocks of zeros end an archive; some writers leave the second out.
            if header.allSatisfy({ $0 == 0 }) { return nil }
            try check(header)
            offset += Self.block
            if let member = try member(header) { return member }
        }
        return nil
    }

    private mutating func member(_ header: [UInt8]) throws(Fault) -> TarMember? {
        let kind = header[156]
        let stated = try number(header[124..<136])
        switch kind {
        case UInt8(ascii: "x"): try readPax(try take(stated, limit: BatchLimits.tarHeaderBytes))
        case UInt8(ascii: "L"):
            nextName = try text(try take(stated, limit: BatchLimits.tarHeaderBytes).prefix { $0 != 0 })
        // Of all members, and the long name of a link: nothing that says where a file is.
        case UInt8(ascii: "g"), UInt8(ascii: "K"): try skip(stated)
        case UInt8(ascii: "0"), 0, UInt8(ascii: "7"): return try file(header, size: nextSize ?? stated)
        case UInt8(ascii: "S"): throw Fault(predicate: "holds a sparse file; pack it without --sparse")
        // Links, devices and folders have no bytes, whatever their size says.
        case UInt8(ascii: "1")...UInt8(ascii: "6"): (nextName, nextSize) = (nil, nil)
        default:
            try skip(nextSize ?? stated)
            (nextName, nextSize) = (nil, nil)
        }
        return nil
    }

    private mutating func file(_ header: [UInt8], size: Int) throws(Fault) -> TarMember? {
        let name: String
        if let nextName { name = nextName } else { name = try ownName(header) }
        (nextName, nextSize) = (nil, nil)
        let start = offset
        try skip(size, of: name)
        // Before POSIX, a folder was a file whose name ended so.
        return name.hasSuffix("/") ? nil : TarMember(name: name, offset: start, size: size)
    }

    private mutating func take(_ count: Int, limit: Int) throws(Fault) -> [UInt8] {
        guard count <= limit else {
            throw Fault(predicate: "has an extended header of \(count) bytes; the limit is \(limit)")
        }
        let start = offset
        try skip(count)
        return try read(start, count)
    }

    private mutating func skip(_ count: Int, of name: String? = nil) throws(Fault) {
        guard count <= size - offset else { throw Fault(predicate: "ends within \(name ?? "a header")") }
        // The last block may be cut where the file's bytes end.
        offset += min((count + Self.block - 1) / Self.block * Self.block, size - offset)
    }

    /// Records of the form `30 mtime=1350244992.023960108` and a line feed.
    private mutating func readPax(_ bytes: [UInt8]) throws(Fault) {
        var rest = bytes[...]
        while let first = rest.first, first != 0 {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard digits.count < 9, let length = Int(String(decoding: digits, as: UTF8.self)), length <= rest.count,
                length > digits.count + 2, rest[rest.startIndex + digits.count] == UInt8(ascii: " "),
                rest[rest.startIndex + length - 1] == UInt8(ascii: "\n")
            else { throw Fault(predicate: "has an extended header that is none") }
            try note(rest.prefix(length).dropFirst(digits.count + 1).dropLast())
            rest = rest.dropFirst(length)
        }
    }

    private mutating func note(_ record: ArraySlice<UInt8>) throws(Fault) {
        guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
            throw Fault(predicate: "has an extended header that is none")
        }
        let (key, value) = (String(decoding: record[..<equals], as: UTF8.self), record[(equals + 1)...])
        switch key {
        case "path": nextName = try text(value)
        case "size":
            guard let size = Int(String(decoding: value, as: UTF8.self)), size >= 0 else {
                throw Fault(predicate: "has a size that is none")
            }
            nextSize = size
        case let key where key.hasPrefix("GNU.sparse."):
            throw Fault(predicate: "holds a sparse file; pack it without --sparse")
        default: break
        }
    }

    private func ownName(_ header: [UInt8]) throws(Fault) -> String {
        let name = try text(header[0..<100].prefix { $0 != 0 })
        // GNU tar has other things where ustar has a prefix.
        guard header[257..<263].elementsEqual("ustar\0".utf8) else { return name }
        let prefix = try text(header[345..<500].prefix { $0 != 0 })
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    private func check(_ header: [UInt8]) throws(Fault) {
        let stated = try? number(header[148..<156])
        // The checksum counts as blanks in itself.
        let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        guard stated == sum else { throw Fault(predicate: "is no tar archive, or is damaged at byte \(offset)") }
    }

    /// Octal digits with blanks around them or, where the first bit is set, GNU tar's binary number.
    private func number(_ field: ArraySlice<UInt8>) throws(Fault) -> Int {
        let fault = Fault(predicate: "has a header with a number that is none at byte \(offset)")
        if field.first! & 0x80 != 0 {
            guard field.first == 0x80 else { throw fault }
            var value = 0
            for byte in field.dropFirst() {
                guard value <= Int.max >> 8 else { throw fault }
                value = value << 8 | Int(byte)
            }
            return value
        }
        let digits = field.drop { $0 == 32 }.prefix { $0 != 32 && $0 != 0 }
        guard digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "7")).contains) else { throw fault }
        return digits.reduce(0) { $0 << 3 | Int($1 - 48) }
    }

    private func text(_ bytes: some Sequence<UInt8>) throws(Fault) -> String {
        guard let text = String(validating: Array(bytes), as: UTF8.self) else {
            throw Fault(predicate: "holds a file whose name is not UTF-8 text")
        }
        guard !text.unicodeScalars.contains("\0") else { throw Fault(predicate: "holds a name with a NUL character") }
        return text
    }
}
