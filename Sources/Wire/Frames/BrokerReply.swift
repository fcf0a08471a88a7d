// SPDX-License-Identifier: MIT
import SwiftProtobuf

/// What the broker says to a client.
public enum BrokerReply: Sendable, Hashable {
    case event(CallEvent)
    case response(CallResponse)

    static let kinds: Set<MessageKind> = [.event, .response]

    public init(frames: [[UInt8]]) throws(FrameError) {
        let envelope = try Envelope(frames, kinds: Self.kinds)
        switch envelope.kind {
        case .event: self = .event(try CallEvent(envelope))
        default: self = .response(try CallResponse(envelope))
        }
    }

    /// The frames of the message, the header in the encoding of the call.
    public func frames(_ encoding: WireEncoding) -> [[UInt8]] {
        switch self {
        case .event(let event): event.frames(encoding)
        case .response(let response): response.frames(encoding)
        }
    }

    /// The id of the call that this belongs to.
    public var id: String {
        switch self {
        case .event(let event): event.id
        case .response(let response): response.id
        }
    }
}

extension FrameError {
    static let sequence = header("has a sequence of \(WireLimits.events) or more")
}

/// One message of a streaming call.
public struct CallEvent: Sendable, Hashable {
    public var id: String
    public var sequence: UInt32
    public var body: [UInt8]

    public init(id: String, sequence: UInt32, body: [UInt8]) {
        self.id = id
        self.sequence = sequence
        self.body = body
    }

    init(_ envelope: Envelope) throws(FrameError) {
        let header = try envelope.decodeHeader(ProtoEventHeader.self)
        guard header.sequence < WireLimits.events else { throw FrameError.sequence.encoded(envelope.encoding) }
        try envelope.checkSizes(id: header.id)
        self.init(id: header.id, sequence: header.sequence, body: envelope.body)
    }

    func frames(_ encoding: WireEncoding) -> [[UInt8]] {
        let header = ProtoEventHeader.with {
            $0.id = id
            $0.sequence = sequence
        }
        return Envelope.frames(.event, header, encoding, body: body)
    }
}

/// The end of a call.
public struct CallResponse: Sendable, Hashable {
    public var id: String
    public var status: RPCStatus
    /// How many times the call was handed to a worker.
    public var attempts: UInt32
    public var metadata: [String: String]
    /// Events that the client did not take in time; the body has what they said.
    public var eventsLeftOut: UInt32
    /// Empty unless the status is OK.
    public var body: [UInt8]

    public init(
        id: String, status: RPCStatus, attempts: UInt32 = 0, metadata: [String: String] = [:],
        eventsLeftOut: UInt32 = 0, body: [UInt8] = []
    ) {
        self.id = id
        self.status = status
        self.attempts = attempts
        self.metadata = metadata
        self.eventsLeftOut = eventsLeftOut
        self.body = status.isOK ? body : []
    }

    /// The broker's answer to frames that it cannot take.
    public init(refusing error: FrameError) {
        self.init(id: error.id, status: error.status)
    }

    init(_ envelope: Envelope) throws(FrameError) {
        let header = try envelope.decodeHeader(ProtoResponseHeader.self)
        try envelope.checkSizes(id: header.id)
        self.init(
            id: header.id, status: RPCStatus(header.status), attempts: header.attempts, metadata: header.metadata,
            eventsLeftOut: header.eventsLeftOut, body: envelope.body)
    }

    func frames(_ encoding: WireEncoding) -> [[UInt8]] {
        status.fitted { status in
            let header = ProtoResponseHeader.with {
                $0.id = id
                $0.status = status.proto
                $0.attempts = attempts
                $0.metadata = metadata
                $0.eventsLeftOut = eventsLeftOut
            }
            return Envelope.frames(.response, header, encoding, body: body)
        }
    }
}
