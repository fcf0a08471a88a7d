// SPDX-License-Identifier: MIT

/// Frames that are no message of this protocol, with everything that an answer to them needs.
public struct FrameError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Fault: Sendable, Hashable {
        /// The first frame is not ours: no answer, only a counter.
        case stranger
        /// The first frame names another version of this protocol.
        case version
        /// The second frame names no kind that goes this way.
        case kind
        /// Anything else: the number of frames, their size, the header.
        case malformed
    }

    public var fault: Fault
    public var status: RPCStatus
    /// The id of the call; empty where it could not be read.
    public var id: String
    /// The dispatch that the header of a JOB or RESULT named; `nil` where it could not be read.
    public var dispatch: Dispatch?
    /// Whether the frames say that they are a RESULT: somebody waits for it.
    public var isResult = false
    /// How an answer should be written.
    public var encoding: WireEncoding

    public init(_ fault: Fault, _ status: RPCStatus, id: String = "", encoding: WireEncoding = .protobuf) {
        self.fault = fault
        self.status = status
        self.id = id
        self.encoding = encoding
    }

    /// Whether a broker answers a client that sent this.
    public var deservesAnswer: Bool { fault != .stranger }

    public var description: String { status.description }
}

extension FrameError {
    static let stranger = FrameError(
        .stranger, RPCStatus(.internal, "the first frame is not BXW1", reason: .malformedFrames))

    static let version = FrameError(
        .version,
        RPCStatus(
            .unimplemented, "this version of the protocol is not spoken here; BXW1 is",
            reason: .unsupportedVersion, reasonMetadata: ["supported": "BXW1"]))

    static let unknownKind = FrameError(
        .kind,
        RPCStatus(.unimplemented, "the second frame is no kind of message that goes this way", reason: .unknownKind))

    static func frameCount(_ count: Int, of kind: MessageKind?) -> FrameError {
        let expected = kind?.countRule ?? "a message has 3 to 5"
        return FrameError(
            .malformed, RPCStatus(.internal, "the message has \(count) frames; \(expected)", reason: .malformedFrames))
    }

    static func header(_ predicate: String) -> FrameError {
        FrameError(.malformed, RPCStatus(.internal, "the header \(predicate)", reason: .malformedHeader))
    }

    static func tooLarge(_ what: String, bytes: Int, limit: Int) -> FrameError {
        FrameError(.malformed, .tooLarge(what, bytes: bytes, limit: limit))
    }
}

extension RPCStatus {
    /// A frame over its limit.
    public static func tooLarge(_ what: String, bytes: Int, limit: Int) -> RPCStatus {
        RPCStatus(
            .resourceExhausted, "the \(what) has \(bytes) bytes; the limit is \(limit)", reason: .tooLarge,
            reasonMetadata: ["limit_bytes": "\(limit)", "bytes": "\(bytes)"])
    }
}
