// SPDX-License-Identifier: MIT
import SwiftProtobuf

/// One call on its way to a worker.
public struct Job: Sendable, Hashable {
    public var dispatch: Dispatch
    /// The client's id of the call: the `id` of the result.
    public var id: String
    public var method: String
    /// What is left of the call's time.
    public var remainingMilliseconds: UInt32
    /// How long the call has waited: `timing_ms.queue` of the result.
    public var queueMilliseconds: UInt32
    /// How to write the result.
    public var resultEncoding: WireEncoding
    public var metadata: [String: String]
    public var traceparent: String
    /// What the client says that the picture has; `nil` where it does not say.
    public var pixels: UInt32?
    /// Whether somebody wants to hear of each entity as it is found.
    public var streams: Bool
    /// The method's request, as the client wrote it.
    public var body: [UInt8]
    public var picture: Payload?

    /// The picture as an array, copied where it is none.
    public var image: [UInt8]? {
        get { picture?.array }
        set { picture = newValue.map(Payload.init) }
    }

    public init(
        dispatch: Dispatch, id: String, method: String, remainingMilliseconds: UInt32, queueMilliseconds: UInt32 = 0,
        resultEncoding: WireEncoding = .protobuf, metadata: [String: String] = [:], traceparent: String = "",
        pixels: UInt32? = nil, streams: Bool = false, body: [UInt8], image: [UInt8]? = nil, picture: Payload? = nil
    ) {
        self.dispatch = dispatch
        self.id = id
        self.method = method
        self.remainingMilliseconds = remainingMilliseconds
        self.queueMilliseconds = queueMilliseconds
        self.resultEncoding = resultEncoding
        self.metadata = metadata
        self.traceparent = traceparent
        self.pixels = pixels
        self.streams = streams
        self.body = body
        self.picture = picture ?? image.map(Payload.init)
    }

    init(_ envelope: Envelope) throws(FrameError) {
        let header = try envelope.decodeHeader(ProtoJobHeader.self)
        let dispatch = try envelope.dispatch(header.dispatch)
        guard HeaderRules.isID(header.id), HeaderRules.isMethod(header.method) else {
            throw FrameError.header("has no id or method").about(dispatch).encoded(envelope.encoding)
        }
        try envelope.checkSizes(dispatch)
        self.init(
            dispatch: dispatch, id: header.id, method: header.method, remainingMilliseconds: header.remainingMs,
            queueMilliseconds: header.queueMs, resultEncoding: header.encoding == .json ? .json : .protobuf,
            metadata: header.metadata, traceparent: header.traceparent,
            pixels: header.pixels > 0 ? header.pixels : nil, streams: header.stream, body: envelope.body,
            picture: envelope.image)
    }

    var proto: ProtoJobHeader {
        .with {
            $0.dispatch = dispatch.proto
            $0.id = id
            $0.method = method
            $0.remainingMs = remainingMilliseconds
            $0.queueMs = queueMilliseconds
            $0.encoding = resultEncoding == .json ? .json : .protobuf
            $0.metadata = metadata
            $0.traceparent = traceparent
            $0.pixels = pixels ?? 0
            $0.stream = streams
        }
    }
}
