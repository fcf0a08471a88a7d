// SPDX-License-Identifier: MIT

import Foundation

/// Files of keys, read and written with care for who else could.
enum KeyFile {
    /// The text of a file that nobody else may read.
    /// - Throws: `key`, naming the file, also where others may read or change it.
    static func readSecret(_ path: String) throws(MessagingError) -> KeyText {
        try read(path) { mode in
            mode & 0o027 == 0
                ? nil : "may be read by others or changed by its group; whoever reads it is you: chmod 600 it"
        }
    }

    /// The text of a file that nobody else may change.
    static func readPublic(_ path: String) throws(MessagingError) -> KeyText {
        try read(path) { $0 & 0o002 == 0 ? nil : "may be changed by others: chmod 644 it" }
    }

    /// Writes a new file.
    /// - Throws: `key` where there is one already, or none can be made.
    static func write(_ text: String, to path: String, mode: mode_t) throws(MessagingError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            let number = errno
            throw MessagingError(
                .key,
                number == EEXIST ? "\(path) is there already and is not overwritten" : fault(path, "made", number))
        }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        // The mode is that of the making less the process's mask, which may take away but not give.
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            let number = errno
            unlink(path)
            throw MessagingError(.key, fault(path, "written", number))
        }
    }

    /// - Parameter objection: to the mode of the file that was opened, not of what is under its name a moment later.
    private static func read(_ path: String, _ objection: (mode_t) -> String?) throws(MessagingError) -> KeyText {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MessagingError(.key, fault(path, "opened", errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw MessagingError(.key, fault(path, "read", errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw MessagingError(.key, "\(path) is not a file") }
        if let objection = objection(status.st_mode) { throw MessagingError(.key, "\(path) \(objection)") }
        var bytes = [UInt8](repeating: 0, count: KeyText.longest + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw MessagingError(.key, fault(path, "read", errno)) }
        guard count <= KeyText.longest, let text = String(validating: bytes[..<count], as: UTF8.self) else {
            throw MessagingError(.key, "\(path) is no key file")
        }
        do throws(MessagingError) {
            return try KeyText(text)
        } catch {
            throw MessagingError(.key, "\(path): \(error.message)")
        }
    }

    private static func fault(_ path: String, _ verb: String, _ number: Int32) -> String {
        "\(path) cannot be \(verb): \(String(cString: strerror(number)))"
    }
}
