import Glibc
// SPDX-License-Identifier: MIT
package import Imaging

/// Reads the picture that the command line names.
package enum PictureFile {
    /// The bytes of a file, or of the standard input for "-", once its header has been read and found good.
    ///
    /// - Throws: `noInput` when there is no such file, `badInput` when it is no picture that is taken.
    package static func load(
        _ path: String, limits: ImageLimits = ImageLimits()
    ) throws(CommandFailure) -> (bytes: [UInt8], header: ImageHeader) {
        let name = path == "-" ? "the standard input" : path
        let descriptor = try open(path)
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let bytes = try readAll(descriptor, name: name, limit: limits.maxBytes)
        guard !bytes.isEmpty else { throw CommandFailure(.badInput, "\(name) is empty") }
        do {
            return (bytes, try ImageDecoder.header(of: bytes, limits: limits))
        } catch {
            throw CommandFailure(.badInput, "\(name): \(error.message)")
        }
    }

    private static func open(_ path: String) throws(CommandFailure) -> Int32 {
        if path == "-" { return STDIN_FILENO }
        guard !path.utf8.contains(0) else { throw CommandFailure(.noInput, "the file name holds a NUL character") }
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(.noInput, "\(path): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            close(descriptor)
            throw CommandFailure(.noInput, "\(path) is a folder, not a picture")
        }
        return descriptor
    }

    /// Reads to the end, or just past the limit: a file that is too large is never held whole.
    private static func readAll(_ descriptor: Int32, name: String, limit: Int) throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= limit {
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandFailure(.inputOutput, "\(name): \(String(cString: strerror(errno)))")
            }
            bytes += chunk[..<count]
        }
        throw CommandFailure(.badInput, "\(name) has more than \(limit >> 20) MiB; a larger picture is not taken")
    }
}
