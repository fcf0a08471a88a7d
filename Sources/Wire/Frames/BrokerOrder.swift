// SPDX-License-Identifier: MIT
import SwiftProtobuf

/// What the broker says to a worker.
public enum BrokerOrder: Sendable, Hashable {
    case welcome(WorkerWelcome)
    /// There is no session with you: say HELLO.
    case who
    case job(Job)
    case cancel(Dispatch, reason: String)
    case beat
    /// Finish what you have, then leave.
    case drain
    case bye(RPCStatus)

    static let kinds: Set<MessageKind> = [.welcome, .who, .job, .cancel, .beat, .drain, .bye]

    public init(frames: [[UInt8]]) throws(FrameError) {
        let envelope = try Envelope(frames, kinds: Self.kinds)
        switch envelope.kind {
        case .welcome: self = .welcome(try WorkerWelcome(envelope))
        case .who:
            _ = try envelope.decodeHeader(ProtoWhoHeader.self)
            self = .who
        case .job: self = .job(try Job(envelope))
        case .cancel:
            let header = try envelope.decodeHeader(ProtoCancelJobHeader.self)
            self = .cancel(try envelope.dispatch(header.dispatch), reason: header.reason)
        case .beat:
            _ = try envelope.decodeHeader(ProtoBeatHeader.self)
            self = .beat
        case .drain:
            _ = try envelope.decodeHeader(ProtoDrainHeader.self)
            self = .drain
        default: self = .bye(RPCStatus(try envelope.decodeHeader(ProtoByeHeader.self).status))
        }
    }

    /// The frames of the message, in the encoding of the worker's HELLO, and behind them the picture, where it is no array.
    public func split(_ encoding: WireEncoding) -> (frames: [[UInt8]], last: Payload?) {
        guard case .job(let job) = self, let picture = job.picture, picture.owner != nil else {
            return (frames(encoding), nil)
        }
        return (Envelope.frames(.job, job.proto, encoding, body: job.body), picture)
    }

    /// The frames of the message, in the encoding of the worker's HELLO.
    public func frames(_ encoding: WireEncoding) -> [[UInt8]] {
        switch self {
        case .welcome(let welcome): Envelope.frames(.welcome, welcome.proto, encoding)
        case .who: Envelope.frames(.who, ProtoWhoHeader(), encoding)
        case .job(let job): Envelope.frames(.job, job.proto, encoding, body: job.body, image: job.image)
        case .cancel(let dispatch, let reason):
            Envelope.frames(
                .cancel,
                ProtoCancelJobHeader.with {
                    $0.dispatch = dispatch.proto
                    $0.reason = reason
                }, encoding)
        case .beat: Envelope.frames(.beat, ProtoBeatHeader(), encoding)
        case .drain: Envelope.frames(.drain, ProtoDrainHeader(), encoding)
        case .bye(let status): Envelope.frames(.bye, ProtoByeHeader.with { $0.status = status.proto }, encoding)
        }
    }
}

/// The terms of a session.
public struct WorkerWelcome: Sendable, Hashable {
    /// The worker's id of this session.
    public var worker: String
    public var beatIntervalMilliseconds: UInt32
    /// So many intervals without any message, and the other side is gone.
    public var liveness: UInt32
    /// 0: never taken for stuck.
    public var stallLimitMilliseconds: UInt32

    public init(
        worker: String, beatIntervalMilliseconds: UInt32 = 1000, liveness: UInt32 = 4,
        stallLimitMilliseconds: UInt32 = 0
    ) {
        self.worker = worker
        self.beatIntervalMilliseconds = beatIntervalMilliseconds
        self.liveness = liveness
        self.stallLimitMilliseconds = stallLimitMilliseconds
    }

    init(_ envelope: Envelope) throws(FrameError) {
        let header = try envelope.decodeHeader(ProtoWelcomeHeader.self)
        guard HeaderRules.isID(header.worker), header.beatIntervalMs > 0, header.liveness > 0 else {
            throw FrameError.header("has no worker, beat_interval_ms or liveness").encoded(envelope.encoding)
        }
        self.init(
            worker: header.worker, beatIntervalMilliseconds: header.beatIntervalMs, liveness: header.liveness,
            stallLimitMilliseconds: header.stallLimitMs)
    }

    var proto: ProtoWelcomeHeader {
        .with {
            $0.worker = worker
            $0.beatIntervalMs = beatIntervalMilliseconds
            $0.liveness = liveness
            $0.stallLimitMs = stallLimitMilliseconds
        }
    }
}
