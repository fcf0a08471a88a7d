// SPDX-License-Identifier: MIT
import Glibc

/// A tar file on the disk, held open while pictures are read from it.
package final class TarArchive: Sendable {
    package let path: String
    private let descriptor: Int32
    private let size: Int

    /// - Throws: `noInput` where it cannot be opened.
    package init(_ path: String) throws(CommandFailure) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        guard descriptor >= 0 else {
            throw CommandFailure(.noInput, "\(path): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CommandFailure(.noInput, "\(path) is no file that can be read anywhere, as an archive has to be")
        }
        size = Int(status.st_size)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// - Throws: `badInput` for what is no archive, and for one that is cut off.
    package func members() throws(CommandFailure) -> [TarMember] {
        do throws(TarIndex.Fault) {
            var index = TarIndex(size: size) { offset, count throws(TarIndex.Fault) in
                try self.bytes(at: offset, count: count)
            }
            var members: [TarMember] = []
            while let member = try index.next() { members.append(member) }
            return members
        } catch {
            throw CommandFailure(.badInput, "\(path) \(error.predicate)")
        }
    }

    package func bytes(at offset: Int, count: Int) throws(TarIndex.Fault) -> [UInt8] {
        var failure: String?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    failure = got == 0 ? "became shorter" : "cannot be read: \(String(cString: strerror(errno)))"
                    return
                }
                filled += got
            }
        }
        if let failure { throw TarIndex.Fault(predicate: failure) }
        return bytes
    }
}
