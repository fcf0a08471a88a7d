// SPDX-License-Identifier: MIT

/// Which bytes of a file an answer has: `bytes 100-199/200`.
package struct ContentRange: Hashable, Sendable {
    package let first: Int
    package let last: Int
    /// Of the whole file; `nil` where the server does not say.
    package let total: Int?

    package init?(_ field: String?) {
        guard let field, field.hasPrefix("bytes ") else { return nil }
        let halves = field.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false).map(Self.number)
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else { return nil }
        total = Self.number(halves[1])
        guard halves[1] == "*" || total.map({ last < $0 }) == true else { return nil }
        (self.first, self.last) = (first, last)
    }

    private static func number(_ text: Substring) -> Int? {
        !text.isEmpty && text.utf8.count <= 18 && text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) ? Int(text) : nil
    }
}

/// What is to be done with the body of an answer, given what of the file is there. A pure value.
package enum TransferStart: Hashable, Sendable {
    /// Write from here on; 0 throws away what is there.
    case from(Int)
    /// Nothing of it is any good; ask for the whole file.
    case askForAll(why: String)
    case refused(HubError)

    /// - Parameters:
    ///   - have: how many bytes are there already, which were asked to be left out.
    ///   - validator: the server's tag of the bytes that are there, if it is known.
    package init(_ verdict: AnswerVerdict, _ headers: HubHeaders, file: PlannedFile, have: Int, validator: EntityTag?) {
        switch verdict {
        case .whole:
            let length = headers.length("Content-Length")
            self = length.map { $0 == file.size } ?? true ? .from(0) : .refused(file.wrongLength(length ?? 0))
        case .part where have > 0:
            guard let range = ContentRange(headers["Content-Range"]), range.first == have else {
                self = .askForAll(why: "another part than the one that was asked for")
                return
            }
            if let total = range.total, total != file.size {
                self = .refused(file.wrongLength(total))
            } else if range.last >= file.size {
                self = .refused(file.wrongLength(range.last + 1))
            } else if let validator, let tag = headers.tag("ETag"), tag != validator {
                self = .askForAll(why: "a part of another file")
            } else {
                self = .from(have)
            }
        default: self = .askForAll(why: "a part that nobody asked for")
        }
    }
}
