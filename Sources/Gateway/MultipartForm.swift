// SPDX-License-Identifier: MIT

/// A form as `multipart/form-data` carries it (RFC 7578): its parts in order. A pure reader, without a network.
package struct MultipartForm: Sendable, Hashable {
    package struct Part: Sendable, Hashable {
        package let name: String
        /// Whether it came as a file.
        package let isFile: Bool
        package let content: ArraySlice<UInt8>

        package var text: String? { String(validating: content, as: UTF8.self) }
    }

    /// What is wrong with a form, in a sentence.
    package struct Fault: Error, Sendable, Hashable {
        package let message: String

        init(_ message: String) { self.message = message }
    }

    package let parts: [Part]

    /// - Parameter contentType: the header that names the boundary.
    package init(_ body: [UInt8], contentType: String) throws(Fault) {
        guard let boundary = Self.boundary(contentType) else { throw Fault("the form names no boundary") }
        var reader = Reader(body, Array("--".utf8) + boundary)
        var parts: [Part] = []
        try reader.skipPreamble()
        while try !reader.isOver() {
            guard parts.count < GatewayLimits.formFields else {
                throw Fault("the form has more than \(GatewayLimits.formFields) fields")
            }
            parts.append(try reader.part())
        }
        self.parts = parts
    }

    /// RFC 2046: 1 to 70 characters, in quotes or not.
    static func boundary(_ contentType: String) -> [UInt8]? {
        guard let text = HeaderParameters(contentType)["boundary"], (1...70).contains(text.utf8.count) else {
            return nil
        }
        return Array(text.utf8)
    }
}

extension MultipartForm {
    /// Where the reading is.
    private struct Reader {
        let body: [UInt8]
        let delimiter: [UInt8]
        var position = 0

        init(_ body: [UInt8], _ delimiter: [UInt8]) {
            self.body = body
            self.delimiter = delimiter
        }

        /// What stands before the first boundary means nothing.
        mutating func skipPreamble() throws(Fault) {
            if body.starts(with: delimiter) {
                position = delimiter.count
            } else if let start = find([13, 10] + delimiter, from: 0) {
                position = start + 2 + delimiter.count
            } else {
                throw Fault("the form's boundary does not occur in it")
            }
        }

        /// Behind a boundary: two dashes end the form, a line's end begins a part.
        mutating func isOver() throws(Fault) -> Bool {
            if body[position...].starts(with: [45, 45]) { return true }
            while position < body.count, body[position] == 32 || body[position] == 9 { position += 1 }
            guard body[position...].starts(with: [13, 10]) else { throw Fault("the form breaks off at a boundary") }
            position += 2
            return false
        }

        mutating func part() throws(Fault) -> Part {
            // A part without any header has its empty line at once.
            let end =
                body[position...].starts(with: [13, 10])
                ? position : find([13, 10, 13, 10], from: position).map { $0 + 2 }
            guard let end, end - position <= GatewayLimits.partHeaderBytes else {
                throw Fault("the header of a field has no end, or more than \(GatewayLimits.partHeaderBytes) bytes")
            }
            let header = String(decoding: body[position..<end], as: UTF8.self)
            let start = end + 2
            guard let close = find([13, 10] + delimiter, from: start) else { throw Fault("the form breaks off") }
            position = close + 2 + delimiter.count
            return try Self.part(header, body[start..<close])
        }

        private static func part(_ header: String, _ content: ArraySlice<UInt8>) throws(Fault) -> Part {
            for line in header.split(separator: "\r\n") {
                guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "content-disposition" else {
                    continue
                }
                let parameters = HeaderParameters(String(line[line.index(after: colon)...]))
                guard parameters.value == "form-data", let name = parameters["name"] else { break }
                return Part(name: name, isFile: parameters["filename"] != nil, content: content)
            }
            throw Fault("a field of the form has no name")
        }

        private func find(_ needle: [UInt8], from start: Int) -> Int? {
            guard body.count - start >= needle.count else { return nil }
            return body.withUnsafeBufferPointer { bytes in
                var index = start
                while index + needle.count <= bytes.count {
                    // Most places are no beginning: the first byte says so.
                    if bytes[index] == needle[0],
                        (1..<needle.count).allSatisfy({ bytes[index + $0] == needle[$0] })
                    {
                        return index
                    }
                    index += 1
                }
                return nil
            }
        }
    }
}

/// A header's value and its parameters: `form-data; name="image"`.
package struct HeaderParameters: Sendable, Hashable {
    /// Before the first semicolon, in small letters.
    package let value: String
    private var parameters: [String: String] = [:]

    package init(_ text: String) {
        var rest = Substring(text)
        value = Self.trimmed(Self.take(&rest, until: ";")).lowercased()
        while !rest.isEmpty {
            rest.removeFirst()
            let name = Self.trimmed(Self.take(&rest, until: "=", or: ";")).lowercased()
            guard rest.first == "=" else { continue }
            rest.removeFirst()
            rest = rest.drop { $0 == " " }
            let value = rest.first == "\"" ? Self.quoted(&rest) : Self.trimmed(Self.take(&rest, until: ";"))
            _ = Self.take(&rest, until: ";")
            if parameters[name] == nil { parameters[name] = value }
        }
    }

    package subscript(_ name: String) -> String? { parameters[name] }

    private static func take(_ rest: inout Substring, until end: Character, or other: Character? = nil) -> Substring {
        let taken = rest.prefix { $0 != end && $0 != other }
        rest = rest[taken.endIndex...]
        return taken
    }

    private static func quoted(_ rest: inout Substring) -> String {
        rest.removeFirst()
        var result = ""
        while let character = rest.popFirst(), character != "\"" {
            // Browsers write a quote as %22, others put a backslash before it.
            if character == "\\", let next = rest.first, next == "\"" || next == "\\" {
                result.append(rest.removeFirst())
            } else {
                result.append(character)
            }
        }
        return result
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return String(text)
    }
}
