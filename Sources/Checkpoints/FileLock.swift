// SPDX-License-Identifier: MIT

import Foundation

/// A lock among processes, held from its making to ``release()`` or the end of the process.
public struct FileLock {
    private let descriptor: Int32

    /// Waits for its turn.
    /// - Parameter path: a file that is made where it is missing, and stays.
    /// - Throws: `unreadable` where it cannot be made.
    public init(path: String) throws(CheckpointError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw CheckpointError(.unreadable, "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
    }

    public func release() {
        close(descriptor)
    }
}
