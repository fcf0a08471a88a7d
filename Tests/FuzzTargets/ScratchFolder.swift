// SPDX-License-Identifier: MIT
import Foundation

/// A folder for the files of one input, in memory where the machine has such a place.
package struct ScratchFolder: ~Copyable {
    package let path: String

    package init() {
        let memory = "/dev/shm"
        let place = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        path = "\(place)/boxwood-fuzz-\(UUID().uuidString)"
        precondition(mkdir(path, 0o700) == 0, "no folder can be made in \(place)")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// - Returns: the path of the file.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String, mode: UInt32 = 0o644) -> String {
        let file = path + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        precondition(descriptor >= 0, "\(file) cannot be made")
        defer { close(descriptor) }
        precondition(Glibc.write(descriptor, bytes, bytes.count) == bytes.count, "\(file) cannot be written")
        return file
    }
}
