// SPDX-License-Identifier: MIT

internal import CZeroMQ
import Foundation

/// What libzmq, or the address it was given, has to say.
public struct MessagingError: Error, Hashable, CustomStringConvertible {
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// An address that is not one, or that may not be listened on.
        public static let endpoint = Code(rawValue: "endpoint")
        /// The address is taken.
        public static let addressInUse = Code(rawValue: "address_in_use")
        /// The peer that a message was for is not connected any more.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The peer does not take messages as fast as they are sent.
        public static let wouldBlock = Code(rawValue: "would_block")
        /// A key, or a file of keys, that cannot be used.
        public static let key = Code(rawValue: "key")
        /// Anything else.
        public static let failure = Code(rawValue: "failure")
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// The error of the call that just failed; read in the same expression, before anything can change `errno`.
    static func last(_ operation: String, errno number: Int32 = zmq_errno()) -> MessagingError {
        let code: Code =
            switch number {
            case EADDRINUSE: .addressInUse
            case EHOSTUNREACH: .unreachable
            case EAGAIN: .wouldBlock
            default: .failure
            }
        return MessagingError(code, "\(operation): \(String(cString: zmq_strerror(number)))")
    }
}
