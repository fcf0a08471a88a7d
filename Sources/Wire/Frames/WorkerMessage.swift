// SPDX-License-Identifier: MIT
import SwiftProtobuf

/// What a worker says to the broker.
public enum WorkerMessage: Sendable, Hashable {
    case hello(WorkerHello)
    case started(Dispatch)
    case partial(JobPartial)
    case result(JobResult)
    case beat(WorkerBeat)
    /// No more jobs, please; these are handed back unstarted.
    case drain(returned: [Dispatch])
    /// So many jobs at a time from now on; these are handed back unstarted.
    case credit(UInt32, returned: [Dispatch])
    case bye(RPCStatus)

    static let kinds: Set<MessageKind> = [.hello, .started, .partial, .result, .beat, .drain, .credit, .bye]

    /// Reads the frames that follow the routing id.
    public init(frames: [[UInt8]]) throws(FrameError) {
        do throws(FrameError) {
            try self.init(Envelope(frames, kinds: Self.kinds))
        } catch {
            var error = error
            error.isResult = error.fault == .malformed && frames.count > 1 && MessageKind(frames[1]) == .result
            throw error
        }
    }

    private init(_ envelope: Envelope) throws(FrameError) {
        switch envelope.kind {
        case .hello: self = .hello(try WorkerHello(envelope))
        case .started:
            self = .started(try envelope.dispatch(try envelope.decodeHeader(ProtoStartedHeader.self).dispatch))
        case .partial: self = .partial(try JobPartial(envelope))
        case .result: self = .result(try JobResult(envelope))
        case .beat: self = .beat(try WorkerBeat(envelope))
        case .drain:
            let header = try envelope.decodeHeader(ProtoDrainHeader.self)
            self = .drain(returned: try envelope.dispatches(header.returned))
        case .credit:
            let header = try envelope.decodeHeader(ProtoCreditHeader.self)
            self = .credit(header.credits, returned: try envelope.dispatches(header.returned))
        default: self = .bye(RPCStatus(try envelope.decodeHeader(ProtoByeHeader.self).status))
        }
    }

    public func frames(_ encoding: WireEncoding) -> [[UInt8]] {
        switch self {
        case .hello(let hello): Envelope.frames(.hello, hello.proto, encoding)
        case .started(let dispatch):
            Envelope.frames(.started, ProtoStartedHeader.with { $0.dispatch = dispatch.proto }, encoding)
        case .partial(let partial): partial.frames(encoding)
        case .result(let result): result.frames(encoding)
        case .beat(let beat): Envelope.frames(.beat, beat.proto, encoding)
        case .drain(let returned):
            Envelope.frames(.drain, ProtoDrainHeader.with { $0.returned = returned.map(\.proto) }, encoding)
        case .credit(let credits, let returned):
            Envelope.frames(
                .credit,
                ProtoCreditHeader.with {
                    $0.credits = credits
                    $0.returned = returned.map(\.proto)
                }, encoding)
        case .bye(let status): Envelope.frames(.bye, ProtoByeHeader.with { $0.status = status.proto }, encoding)
        }
    }
}

/// One message of a streaming call, from a worker.
public struct JobPartial: Sendable, Hashable {
    public var dispatch: Dispatch
    public var sequence: UInt32
    public var body: [UInt8]

    public init(dispatch: Dispatch, sequence: UInt32, body: [UInt8]) {
        self.dispatch = dispatch
        self.sequence = sequence
        self.body = body
    }

    init(_ envelope: Envelope) throws(FrameError) {
        let header = try envelope.decodeHeader(ProtoPartialHeader.self)
        let dispatch = try envelope.dispatch(header.dispatch)
        guard header.sequence < WireLimits.events else { throw FrameError.sequence.encoded(envelope.encoding) }
        try envelope.checkSizes()
        self.init(dispatch: dispatch, sequence: header.sequence, body: envelope.body)
    }

    func frames(_ encoding: WireEncoding) -> [[UInt8]] {
        let header = ProtoPartialHeader.with {
            $0.dispatch = dispatch.proto
            $0.sequence = sequence
        }
        return Envelope.frames(.partial, header, encoding, body: body)
    }
}

/// How a job ended.
public struct JobResult: Sendable, Hashable {
    public var dispatch: Dispatch
    /// As the worker said it; ``RPCStatus/checked(madeBy:)`` holds it to what a worker may say.
    public var status: RPCStatus
    /// Empty unless the status is OK.
    public var body: [UInt8]

    public init(dispatch: Dispatch, status: RPCStatus, body: [UInt8] = []) {
        self.dispatch = dispatch
        self.status = status
        self.body = status.isOK ? body : []
    }

    init(_ envelope: Envelope) throws(FrameError) {
        let header = try envelope.decodeHeader(ProtoResultHeader.self)
        let dispatch = try envelope.dispatch(header.dispatch)
        try envelope.checkSizes(dispatch)
        self.init(dispatch: dispatch, status: RPCStatus(header.status), body: envelope.body)
    }

    func frames(_ encoding: WireEncoding) -> [[UInt8]] {
        status.fitted { status in
            let header = ProtoResultHeader.with {
                $0.dispatch = dispatch.proto
                $0.status = status.proto
            }
            return Envelope.frames(.result, header, encoding, body: body)
        }
    }
}

/// A sign of life, of a worker's process and of its engine.
public struct WorkerBeat: Sendable, Hashable {
    /// Grows with every bit of work done; compare for equality only.
    public var progress: Double
    /// Jobs held, started or not.
    public var jobs: [Dispatch]
    /// Whether the engine is in a job now.
    public var isBusy: Bool

    public init(progress: Double = 0, jobs: [Dispatch] = [], isBusy: Bool = false) {
        self.progress = progress
        self.jobs = jobs
        self.isBusy = isBusy
    }

    init(_ envelope: Envelope) throws(FrameError) {
        let header = try envelope.decodeHeader(ProtoBeatHeader.self)
        // What is no number is never equal to itself: an engine that stands still would always seem to have gone on.
        guard header.progress.isFinite else {
            throw FrameError.header("has a progress that is no number").encoded(envelope.encoding)
        }
        self.init(progress: header.progress, jobs: try envelope.dispatches(header.jobs), isBusy: header.busy)
    }

    var proto: ProtoBeatHeader {
        .with {
            $0.progress = progress
            $0.jobs = jobs.map(\.proto)
            $0.busy = isBusy
        }
    }
}
