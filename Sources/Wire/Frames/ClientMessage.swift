// SPDX-License-Identifier: MIT
import SwiftProtobuf

/// What a client says to the broker.
public enum ClientMessage: Sendable, Hashable {
    case request(CallRequest)
    case cancel(id: String, reason: String)
    /// The client takes so many events of the call more.
    case grant(id: String, events: UInt32)

    static let kinds: Set<MessageKind> = [.request, .cancel, .grant]

    /// Reads the frames that follow the routing id and the delimiter.
    /// - Parameter last: one more frame behind them, which was not copied.
    public init(frames: [[UInt8]], last: Payload? = nil) throws(FrameError) {
        do throws(FrameError) {
            try self.init(Envelope(frames, last: last, kinds: Self.kinds))
        } catch {
            throw error.status.reason == .malformedFrames ? error.about(Self.id(in: frames)) : error
        }
    }

    /// Whose call it is, of a REQUEST that has its header and not its number of frames; empty where that cannot be told.
    private static func id(in frames: [[UInt8]]) -> String {
        guard frames.count > 2, frames[0] == WireLimits.magic, MessageKind(frames[1]) == .request,
            frames[2].count <= WireLimits.headerBytes,
            let header = try? WireEncoding.decode(ProtoRequestHeader.self, from: frames[2]),
            HeaderRules.isID(header.id)
        else { return "" }
        return header.id
    }

    private init(_ envelope: Envelope) throws(FrameError) {
        switch envelope.kind {
        case .request: self = .request(try CallRequest(envelope))
        case .grant: self = try Self.grant(envelope)
        default: self = try Self.cancel(envelope)
        }
    }

    /// The frames of the message, the header in the given encoding.
    public func frames(_ encoding: WireEncoding) -> [[UInt8]] {
        switch self {
        case .request(let request): request.frames(encoding)
        case .cancel(let id, let reason):
            Envelope.frames(
                .cancel,
                ProtoCancelHeader.with {
                    $0.id = id
                    $0.reason = reason
                }, encoding)
        case .grant(let id, let events):
            Envelope.frames(
                .grant,
                ProtoGrantHeader.with {
                    $0.id = id
                    $0.events = events
                }, encoding)
        }
    }

    private static func grant(_ envelope: Envelope) throws(FrameError) -> ClientMessage {
        let header = try envelope.decodeHeader(ProtoGrantHeader.self)
        guard HeaderRules.isID(header.id) else { throw FrameError.id.encoded(envelope.encoding) }
        return .grant(id: header.id, events: header.events)
    }

    private static func cancel(_ envelope: Envelope) throws(FrameError) -> ClientMessage {
        let header = try envelope.decodeHeader(ProtoCancelHeader.self)
        guard HeaderRules.isID(header.id) else { throw FrameError.id.encoded(envelope.encoding) }
        return .cancel(id: header.id, reason: header.reason)
    }
}

/// Which calls go first: what somebody waits for, or what can wait.
public enum RequestPriority: String, Sendable, Hashable, CaseIterable {
    case interactive, batch
}

/// One call, as a client opens it.
public struct CallRequest: Sendable, Hashable {
    public var id: String
    public var method: String
    /// What is left of the call's time; `nil` takes the broker's default.
    public var timeoutMilliseconds: UInt32?
    public var metadata: [String: String]
    public var idempotencyKey: String
    public var traceparent: String
    public var previousAttempts: UInt32
    public var priority: RequestPriority
    /// The picture's width times its height; `nil` where the client does not say.
    public var pixels: UInt32?
    /// How many events the client takes before it grants more; 0: none.
    public var eventWindow: UInt32
    /// How the header came, and so how the answer goes.
    public var encoding: WireEncoding
    /// The method's request, as the client wrote it.
    public var body: [UInt8]
    public var picture: Payload?

    /// The picture as an array, copied where it is none.
    public var image: [UInt8]? {
        get { picture?.array }
        set { picture = newValue.map(Payload.init) }
    }

    public init(
        id: String, method: String, timeoutMilliseconds: UInt32? = nil, metadata: [String: String] = [:],
        idempotencyKey: String = "", traceparent: String = "", previousAttempts: UInt32 = 0,
        priority: RequestPriority = .interactive, pixels: UInt32? = nil,
        eventWindow: UInt32 = 0, encoding: WireEncoding = .protobuf, body: [UInt8], image: [UInt8]? = nil
    ) {
        self.id = id
        self.method = method
        self.timeoutMilliseconds = timeoutMilliseconds
        self.metadata = metadata
        self.idempotencyKey = idempotencyKey
        self.traceparent = traceparent
        self.previousAttempts = previousAttempts
        self.priority = priority
        self.pixels = pixels
        self.eventWindow = eventWindow
        self.encoding = encoding
        self.body = body
        picture = image.map(Payload.init)
    }

    /// The time that the call has: the default where the client named none, never more than the limit.
    public var effectiveTimeoutMilliseconds: UInt32 {
        min(timeoutMilliseconds ?? WireLimits.defaultTimeoutMilliseconds, WireLimits.maxTimeoutMilliseconds)
    }

    init(_ envelope: Envelope) throws(FrameError) {
        let header = try envelope.decodeHeader(ProtoRequestHeader.self)
        try Self.check(header, envelope.encoding)
        try envelope.checkSizes(id: header.id)
        self.init(
            id: header.id, method: header.method, timeoutMilliseconds: header.hasTimeoutMs ? header.timeoutMs : nil,
            metadata: header.metadata, idempotencyKey: header.idempotencyKey, traceparent: header.traceparent,
            previousAttempts: header.previousAttempts, priority: header.priority == .batch ? .batch : .interactive,
            pixels: header.pixels > 0 ? header.pixels : nil, eventWindow: header.eventWindow,
            encoding: envelope.encoding, body: envelope.body)
        picture = envelope.image
    }

    private static func check(_ header: ProtoRequestHeader, _ encoding: WireEncoding) throws(FrameError) {
        guard HeaderRules.isID(header.id) else { throw FrameError.id.encoded(encoding) }
        let fault =
            if !HeaderRules.isMethod(header.method) {
                "has no method of the form /service/method, at most \(WireLimits.methodBytes) bytes"
            } else if !header.idempotencyKey.isEmpty && !HeaderRules.isID(header.idempotencyKey) {
                "has an idempotency_key that is not 1 to \(WireLimits.idBytes) bytes of printable ASCII"
            } else if header.traceparent.utf8.count > WireLimits.traceparentBytes {
                "has a traceparent of more than \(WireLimits.traceparentBytes) bytes"
            } else if header.eventWindow > WireLimits.eventWindow {
                "has an event_window of more than \(WireLimits.eventWindow)"
            } else {
                HeaderRules.metadataFault(header.metadata)
            }
        if let fault { throw FrameError.header(fault).about(header.id).encoded(encoding) }
    }

    func frames(_ encoding: WireEncoding) -> [[UInt8]] {
        var header = ProtoRequestHeader()
        header.id = id
        header.method = method
        if let timeoutMilliseconds { header.timeoutMs = timeoutMilliseconds }
        header.metadata = metadata
        header.idempotencyKey = idempotencyKey
        header.traceparent = traceparent
        header.previousAttempts = previousAttempts
        header.priority = priority == .batch ? .batch : .interactive
        header.pixels = pixels ?? 0
        header.eventWindow = eventWindow
        return Envelope.frames(.request, header, encoding, body: body, image: image)
    }
}

extension FrameError {
    static let id = header("has no id of 1 to \(WireLimits.idBytes) bytes of printable ASCII")
}
