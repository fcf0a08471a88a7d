// SPDX-License-Identifier: MIT
import Foundation

/// A descriptor with one owner, closed with it. Every call says which file it failed on.
struct OpenFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// - Throws: `inputOutput`.
    init(_ path: String, _ flags: Int32) throws(HubError) {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw HubError(system: "cannot open", path) }
    }

    deinit { close(descriptor) }

    func size() throws(HubError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw HubError(system: "cannot look at", path) }
        return Int(status.st_size)
    }

    /// - Returns: how many bytes there were; 0 at the end.
    func read(into buffer: inout [UInt8]) throws(HubError) -> Int {
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw HubError(system: "cannot read", path) }
        }
    }

    /// All of the bytes at that place.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(HubError) {
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = pwrite(descriptor, start, rest.count, off_t(offset + bytes.count - rest.count))
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno != EINTR {
                throw HubError(system: "cannot write", path)
            }
        }
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(HubError) {
        do {
            try bytes.withUnsafeBytes { try write($0, at: offset) }
        } catch let error as HubError {
            throw error
        } catch {
            throw HubError(.inputOutput, "cannot write \(path)")
        }
    }

    func truncate(to size: Int) throws(HubError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw HubError(system: "cannot cut", path) }
    }

    /// Until it is on the disk, and not only on its way there.
    func synchronize() throws(HubError) {
        guard fsync(descriptor) == 0 else { throw HubError(system: "cannot write", path) }
    }

    /// Takes the lock of this file if nobody has it; it goes with the file.
    /// - Returns: whether it was free, and the file still has its name.
    func tryLock() throws(HubError) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw HubError(system: "cannot lock", path) }
        }
        // Somebody may have removed it in between; the lock of a file without a name keeps nobody out.
        var (mine, named) = (stat(), stat())
        return fstat(descriptor, &mine) == 0 && stat(path, &named) == 0 && mine.st_ino == named.st_ino
    }
}

extension HubError {
    /// What the system call that has just failed says.
    init(system what: String, _ path: String) {
        let number = errno
        let isFull = number == ENOSPC || number == EDQUOT || number == EFBIG
        self.init(isFull ? .diskSpace : .inputOutput, "\(what) \(path): \(String(cString: strerror(number)))")
    }
}

/// Folders and names, with errors that say which.
enum FileNames {
    /// - Returns: bytes; `nil` where nothing of that name is there, or no regular file behind it.
    static func size(_ path: String) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Bytes on the disk that go with the name itself: a link has hardly any.
    static func ownSize(_ path: String) -> Int {
        var status = stat()
        return lstat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    static func target(_ path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    /// In the order of their names; none where there is no such folder.
    static func entries(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    static func makeFolder(_ path: String) throws(HubError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw HubError(.inputOutput, "cannot make the folder \(path)")
        }
    }

    static func rename(_ path: String, to name: String) throws(HubError) {
        guard Foundation.rename(path, name) == 0 else { throw HubError(system: "cannot name", name) }
    }

    /// Removes a file or link; one that is not there is as good as removed.
    static func remove(_ path: String) throws(HubError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw HubError(system: "cannot remove", path) }
    }

    static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// What the user may still write on the disk of a folder that may not be there yet; `nil` where nobody can tell.
    static func freeBytes(_ folder: String) -> Int? {
        var place = URL(fileURLWithPath: folder).standardizedFileURL
        while !FileManager.default.fileExists(atPath: place.path), place.path != "/" { place.deleteLastPathComponent() }
        var status = statvfs()
        guard statvfs(place.path, &status) == 0 else { return nil }
        return Int(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }
}
