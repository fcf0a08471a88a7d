// SPDX-License-Identifier: MIT

internal import CZeroMQ
import Glibc

/// The owner of libzmq's threads; one for each process is enough.
///
/// `@unchecked Sendable` holds because libzmq's contexts are thread-safe (zmq_ctx_new(3)).
public final class Context: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    /// The oldest libzmq with all known holes of the handshake and of version 1 mended.
    static let oldestVersion = (4, 3, 3)

    /// - Precondition: the library is `oldestVersion` or newer.
    public init() {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        zmq_version(&major, &minor, &patch)
        precondition(
            (Int(major), Int(minor), Int(patch)) >= Self.oldestVersion, "libzmq \(major).\(minor).\(patch) is too old")
        guard let handle = zmq_ctx_new() else { preconditionFailure("zmq_ctx_new failed") }
        self.handle = handle
    }

    /// Waits until all sockets are closed, each of which closes with its owner, and their last messages are sent or their
    /// linger is over. A signal must not cut this short.
    deinit {
        while zmq_ctx_term(handle) != 0, zmq_errno() == EINTR {}
    }
}
