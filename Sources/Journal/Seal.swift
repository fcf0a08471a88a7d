// SPDX-License-Identifier: MIT

internal import Crypto
import Foundation
import Glibc

/// A small file beside the database that says how many commits were acknowledged.
///
/// SQLite drops what follows the first bad frame of its write-ahead log without a word, because it cannot tell a torn last
/// write from a damaged one. The seal can: it is written after each commit and before its acknowledgement, so a database that
/// has fewer commits than its seal has lost something that somebody was promised. Whoever has the file open and locked has
/// the journal.
final class Seal {
    struct Mark: Hashable {
        var commits: Int64 = 0
        /// The highest number given to a job.
        var lastNumber: Int64 = 0
    }

    private static let magic = Array("BXWSEAL1".utf8)
    /// Two slots, written in turn, each in a sector of its own: a torn write leaves the other.
    private static let slotBytes = 512
    private static let markBytes = 32

    private let descriptor: Int32
    private let path: String
    private(set) var mark: Mark
    /// Whether there was a file.
    let existed: Bool
    /// Whether what it held could be read.
    let isLegible: Bool

    /// Opens and locks the file, or makes it.
    init(path: String, create: Bool) throws(JournalError) {
        self.path = path
        existed = access(path, F_OK) == 0
        let flags = O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0)
        let descriptor = open(path, flags, 0o600)
        self.descriptor = descriptor
        guard descriptor >= 0 else { throw Self.fault(.cannotOpen, path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isTaken = errno == EWOULDBLOCK
            let fault =
                isTaken
                ? JournalError(.locked, "\(path): another process has this journal") : Self.fault(.cannotOpen, path)
            close(descriptor)
            throw fault
        }
        let marks = [0, 1].compactMap { Self.read(descriptor, slot: $0) }
        isLegible = !marks.isEmpty
        mark = marks.max { $0.commits < $1.commits } ?? Mark()
    }

    deinit {
        close(descriptor)
    }

    /// Both slots, so that the file never needs room again.
    func begin(_ mark: Mark) throws(JournalError) {
        try write(mark, slot: 0)
        try write(mark, slot: 1)
    }

    func write(_ mark: Mark) throws(JournalError) {
        try write(mark, slot: Int(mark.commits & 1))
    }

    private func write(_ mark: Mark, slot: Int) throws(JournalError) {
        let bytes = Self.bytes(mark) + [UInt8](repeating: 0, count: Self.slotBytes - Self.markBytes)
        let written = pwrite(descriptor, bytes, bytes.count, off_t(slot * Self.slotBytes))
        guard written == bytes.count else {
            // A disk that takes a part has no room for the rest.
            throw written >= 0
                ? JournalError(.full, "\(path): no room") : Self.fault(isNoRoom(errno) ? .full : .inputOutput, path)
        }
        guard fdatasync(descriptor) == 0 else { throw Self.fault(.inputOutput, path) }
        self.mark = mark
    }

    private static func bytes(_ mark: Mark) -> [UInt8] {
        let words = [mark.commits, mark.lastNumber].flatMap { word in
            withUnsafeBytes(of: word.littleEndian) { Array($0) }
        }
        let text = magic + words
        return text + SHA256.hash(data: text).prefix(8)
    }

    private static func read(_ descriptor: Int32, slot: Int) -> Mark? {
        var bytes = [UInt8](repeating: 0, count: markBytes)
        guard pread(descriptor, &bytes, markBytes, off_t(slot * slotBytes)) == markBytes else { return nil }
        let words = [8, 16].map { start in
            bytes[start..<start + 8].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
        }
        let mark = Mark(commits: words[0], lastNumber: words[1])
        return Self.bytes(mark) == bytes ? mark : nil
    }

    private static func fault(_ code: JournalError.Code, _ path: String) -> JournalError {
        JournalError(code, "\(path): \(String(cString: strerror(errno)))")
    }
}

/// Whether an error of the system means that there is no room: on the disk, in the owner's share of it, or in a file that may
/// not become larger.
func isNoRoom(_ error: Int32) -> Bool { [ENOSPC, EDQUOT, EFBIG].contains(error) }

/// The directory's entry of a new file is on disk only once the directory is.
func syncFolder(of path: String) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
}
