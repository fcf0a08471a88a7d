// SPDX-License-Identifier: MIT

internal import CZeroMQ

/// Something that can become readable: a socket or a file descriptor.
public struct PollItem {
    private enum Source {
        case socket(UnsafeMutableRawPointer)
        case descriptor(Int32)
    }

    private let source: Source

    init(socket: UnsafeMutableRawPointer) {
        source = .socket(socket)
    }

    init(descriptor: Int32) {
        source = .descriptor(descriptor)
    }

    fileprivate var item: zmq_pollitem_t {
        switch source {
        case .socket(let handle): zmq_pollitem_t(socket: handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
        case .descriptor(let fd): zmq_pollitem_t(socket: nil, fd: fd, events: Int16(ZMQ_POLLIN), revents: 0)
        }
    }
}

/// Waits for several sources at once.
public enum Poller {
    /// Which of the items can be read.
    ///
    /// - Parameter timeout: the longest wait; `nil` waits for ever. A signal ends the wait early, with nothing readable.
    public static func wait(_ items: [PollItem], timeout: Duration?) throws(MessagingError) -> [Bool] {
        var polled = items.map(\.item)
        let count = zmq_poll(&polled, Int32(polled.count), milliseconds(timeout))
        if count < 0 {
            let number = zmq_errno()
            guard number == EINTR else { throw .last("zmq_poll", errno: number) }
            return items.map { _ in false }
        }
        return polled.map { $0.revents & Int16(ZMQ_POLLIN) != 0 }
    }

    /// Lets time pass, with nothing to wait for.
    public static func sleep(_ pause: Duration) {
        zmq_poll(nil, 0, milliseconds(pause))
    }

    /// Rounded up: rounded down, the last part of a wait would be spent spinning.
    private static func milliseconds(_ timeout: Duration?) -> Int {
        guard let timeout else { return -1 }
        let (seconds, attoseconds) = timeout.components
        guard timeout > .zero else { return 0 }
        return Int(min(seconds, 86_400)) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
