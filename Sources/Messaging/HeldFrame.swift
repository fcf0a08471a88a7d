// SPDX-License-Identifier: MIT

internal import CZeroMQ
import Synchronization

/// A large frame as it came: libzmq's own memory, which can be read and sent on without being copied.
///
/// `@unchecked Sendable` holds because nobody changes the bytes once they have come, where they are is read once, and libzmq's
/// description of them, which changes as they are sent on, is touched under a lock alone.
public final class HeldFrame: @unchecked Sendable {
    private let message: UnsafeMutablePointer<zmq_msg_t>
    private let lock = Mutex(())
    /// Valid for as long as this is.
    public let bytes: UnsafeRawBufferPointer

    /// Smaller frames are copied: libzmq receives them many at a time into one piece of memory, all of which each would
    /// hold on to.
    public static let leastBytes = 16 << 10

    /// Takes the message's memory over; the message is empty after it.
    init(taking other: inout zmq_msg_t) {
        message = .allocate(capacity: 1)
        zmq_msg_init(message)
        zmq_msg_move(message, &other)
        bytes = UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message))
    }

    deinit {
        zmq_msg_close(message)
        message.deallocate()
    }

    /// Sends it as the last frame of a message that has begun.
    func send(to socket: UnsafeMutableRawPointer) throws(MessagingError) {
        var shared = zmq_msg_t()
        zmq_msg_init(&shared)
        defer { zmq_msg_close(&shared) }
        let failure = lock.withLock { _ in zmq_msg_copy(&shared, message) }
        guard failure == 0 else { throw .last("zmq_msg_copy") }
        while zmq_msg_send(&shared, socket, ZMQ_DONTWAIT) < 0 {
            let number = zmq_errno()
            guard number == EINTR else { throw .last("send", errno: number) }
        }
    }
}

extension HeldFrame: Hashable {
    public static func == (a: HeldFrame, b: HeldFrame) -> Bool { a === b }
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
