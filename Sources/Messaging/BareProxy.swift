// SPDX-License-Identifier: MIT

internal import CZeroMQ

/// What libzmq does without any of us: its own proxy and peers that know no protocol. The measure for the broker.
extension Socket {
    /// Passes messages between clients at this ROUTER and workers at the other socket, which is a DEALER, for ever.
    /// - Throws: how it came to an end.
    public borrowing func proxy(to back: borrowing Socket) throws(MessagingError) {
        zmq_proxy(handle, back.handle, nil)
        throw .last("zmq_proxy")
    }

    /// Answers every message with the same frames, behind the first frame of each, for ever.
    /// - Throws: how it came to an end.
    public borrowing func echo(_ answer: [[UInt8]]) throws(MessagingError) {
        while true {
            let frames = try passOver(keeping: 0)
            try sendWaiting(frames + answer)
        }
    }

    private borrowing func sendWaiting(_ frames: [[UInt8]]) throws(MessagingError) {
        for (index, frame) in frames.enumerated() {
            let more = index < frames.count - 1 ? ZMQ_SNDMORE : 0
            while zmq_send(handle, frame, frame.count, more) < 0 {
                let number = zmq_errno()
                guard number == EINTR else { throw .last("send", errno: number) }
            }
        }
    }

    /// Waits for a message and copies one frame of it out.
    private borrowing func passOver(keeping wanted: Int) throws(MessagingError) -> [[UInt8]] {
        var kept: [[UInt8]] = []
        var index = 0
        while true {
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            defer { zmq_msg_close(&message) }
            if zmq_msg_recv(&message, handle, 0) < 0 {
                let number = zmq_errno()
                if number == EINTR { continue }
                throw .last("receive", errno: number)
            }
            if index == wanted {
                kept = [Array(UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message)))]
            }
            index += 1
            if zmq_msg_more(&message) == 0 { return kept }
        }
    }
}
