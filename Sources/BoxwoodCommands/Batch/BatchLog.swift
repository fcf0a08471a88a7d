// SPDX-License-Identifier: MIT
import Glibc

/// The file of results while a run writes it: whole lines at its end, by one run at a time.
///
/// Each line goes to the system at once, and to the disk within a second. One task at a time has it.
package final class BatchLog {
    private static let syncInterval = Duration.seconds(1)

    package let path: String
    private var descriptor: Int32
    private var size = 0
    private var synced = ContinuousClock.now

    package enum Mode: Sendable {
        /// The file is not there yet, or empty.
        case new
        case overwrite
        case resume
    }

    /// Opens the file and, to go on, reads it: cuts off a line that a run was killed in, and takes out errors that are tried again.
    /// - Parameter point: is told of the lines that are there.
    /// - Throws: `usage` for a file that is there and may not be, or that another run writes; `badInput` for one that was not written
    ///   by such a run; `inputOutput`.
    package init(_ path: String, _ mode: Mode, _ point: inout ResumePoint) throws(CommandFailure) {
        self.path = path
        descriptor = -1
        descriptor = try Self.open(path, O_RDWR | O_CREAT)
        do throws(CommandFailure) {
            size = try Self.lock(descriptor, path)
            switch mode {
            case .new:
                guard size == 0 else {
                    throw CommandFailure(
                        .usage, "\(path) is there already", hint: "Go on with it, --resume, or replace it, --overwrite."
                    )
                }
            case .overwrite: try cut(at: 0)
            case .resume: try resume(&point)
            }
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Adds a line, with its line feed.
    /// - Throws: `inputOutput`; the file then ends with the line before.
    package func append(_ line: String) throws(CommandFailure) {
        try Self.write(Array(line.utf8), to: descriptor) { number in
            ftruncate(descriptor, off_t(size))
            return failure(number)
        }
        size += line.utf8.count
        if ContinuousClock.now - synced >= Self.syncInterval { try sync() }
    }

    package func sync() throws(CommandFailure) {
        guard fdatasync(descriptor) == 0 else { throw failure(errno) }
        synced = .now
    }

    /// Reads the lines that are there now.
    package func forEachLine(_ body: ([UInt8]) -> Void) throws(CommandFailure) {
        try Self.lines(of: descriptor, path) { line in
            if line.isWhole { body(line.bytes) }
        }
    }

    // MARK: -

    private func resume(_ point: inout ResumePoint) throws(CommandFailure) {
        var (dropped, end) = (Set<Int>(), 0)
        try Self.lines(of: descriptor, path) { line in
            guard line.isWhole else { return }
            if !point.take(BatchLine.mark(line.bytes)) { dropped.insert(line.offset) }
            end = line.offset + line.bytes.count + 1
        }
        if let key = point.conflict {
            throw CommandFailure(
                .usage, "\(path) was written for another task or other options: it has \"\(key)\" with them",
                hint: "Give the same ones as then, another --out, or --overwrite.")
        }
        guard !point.isForeign else {
            throw CommandFailure(.badInput, "\(path) is not a file of results; name another with --out")
        }
        if dropped.isEmpty { try cut(at: end) } else { try rewrite(without: dropped) }
    }

    /// A file of its own takes the place of this one when it is whole.
    private func rewrite(without dropped: Set<Int>) throws(CommandFailure) {
        let name = path + ".part"
        let other = try Self.open(name, O_RDWR | O_CREAT | O_TRUNC)
        var written = 0
        do throws(CommandFailure) {
            guard flock(other, LOCK_EX | LOCK_NB) == 0 else { throw failure(errno) }
            var pending: [UInt8] = []
            var trouble: CommandFailure?
            func flush() {
                guard trouble == nil else { return }
                do throws(CommandFailure) {
                    try Self.write(pending, to: other) { failure($0) }
                } catch {
                    trouble = error
                }
                written += pending.count
                pending.removeAll(keepingCapacity: true)
            }
            try Self.lines(of: descriptor, path) { line in
                guard line.isWhole, !dropped.contains(line.offset) else { return }
                pending += line.bytes + [UInt8(ascii: "\n")]
                if pending.count > 1 << 20 { flush() }
            }
            flush()
            if let trouble { throw trouble }
            guard fsync(other) == 0, rename(name, path) == 0 else { throw failure(errno) }
        } catch {
            close(other)
            unlink(name)
            throw error
        }
        close(descriptor)
        (descriptor, size) = (other, written)
    }

    private func cut(at end: Int) throws(CommandFailure) {
        guard end == size || ftruncate(descriptor, off_t(end)) == 0 else { throw failure(errno) }
        size = end
    }

    private func failure(_ number: Int32) -> CommandFailure { Self.failure(path, number) }

    private static func failure(_ path: String, _ number: Int32) -> CommandFailure {
        CommandFailure(.inputOutput, "\(path): \(String(cString: strerror(number)))")
    }

    private static func open(_ path: String, _ flags: Int32) throws(CommandFailure) -> Int32 {
        let descriptor = Glibc.open(path, flags | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(path, errno) }
        return descriptor
    }

    /// - Returns: the file's size.
    private static func lock(_ descriptor: Int32, _ path: String) throws(CommandFailure) -> Int {
        var (mine, named) = (stat(), stat())
        guard fstat(descriptor, &mine) == 0, mine.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure(.usage, "\(path) is not a file that a later run could go on with")
        }
        // Whoever held it may have put another file in its place meanwhile.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, stat(path, &named) == 0, named.st_ino == mine.st_ino else {
            throw CommandFailure(.usage, "\(path) is being written by another run")
        }
        guard fstat(descriptor, &mine) == 0 else { throw failure(path, errno) }
        return Int(mine.st_size)
    }

    private static func lines(
        of descriptor: Int32, _ path: String, _ body: (FileLines.Line) -> Void
    ) throws(CommandFailure) {
        var reader = FileLines(descriptor, limit: BatchLimits.logLineBytes)
        do throws(FileLines.Fault) {
            while let line = try reader.next() { body(line) }
        } catch {
            switch error {
            case .tooLong(let offset):
                throw CommandFailure(
                    .badInput,
                    "\(path) has a line of more than \(BatchLimits.logLineBytes >> 20) MiB at byte \(offset)")
            case .failed(let number): throw failure(path, number)
            }
        }
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, _ failure: (Int32) -> CommandFailure
    ) throws(CommandFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw failure(errno)
            }
        }
    }
}
