// SPDX-License-Identifier: MIT
import Glibc

/// The lines of a file, one after the other, with where they are.
package struct FileLines: ~Copyable {
    package struct Line {
        /// Without its line feed.
        package let bytes: [UInt8]
        package let offset: Int
        /// Whether a line feed ends it.
        package let isWhole: Bool
    }

    package enum Fault: Error, Hashable {
        case tooLong(offset: Int)
        case failed(Int32)
    }

    private let descriptor: Int32
    private let limit: Int
    private var buffer: [UInt8] = []
    /// Where the buffer begins in the file, where the next line begins in it, and up to where no line feed was found.
    private var base = 0
    private var start = 0
    private var searched = 0
    private var isAtEnd = false

    /// Reads from the file's beginning, wherever the descriptor stands; the descriptor stays its owner's.
    package init(_ descriptor: Int32, limit: Int) {
        self.descriptor = descriptor
        self.limit = limit
    }

    package mutating func next() throws(Fault) -> Line? {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                guard end - start <= limit else { throw .tooLong(offset: base + start) }
                let line = Line(bytes: Array(buffer[start..<end]), offset: base + start, isWhole: true)
                (start, searched) = (end + 1, end + 1)
                return line
            }
            searched = buffer.count
            guard searched - start <= limit else { throw .tooLong(offset: base + start) }
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return Line(bytes: Array(buffer[start...]), offset: base + start, isWhole: false)
            }
            try fill()
        }
    }

    private mutating func fill() throws(Fault) {
        buffer.removeSubrange(..<start)
        base += start
        searched -= start
        start = 0
        let old = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: 1 << 18))
        var count = 0
        repeat {
            count = buffer.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + old, $0.count - old, off_t(base + old))
            }
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw .failed(errno) }
        buffer.removeLast(buffer.count - old - count)
        isAtEnd = count == 0
    }
}
