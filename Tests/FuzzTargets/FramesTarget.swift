// SPDX-License-Identifier: MIT
import Wire

extension FuzzTarget {
    /// Messages of all four ways: whatever is read can be written in both encodings and read again as the same.
    ///
    /// An input is the way, as one byte, and the frames behind the delimiter.
    static let frames = FuzzTarget(
        "frames", longest: 16_384, runs: 6000,
        words: FramesTarget.words, seeds: FramesTarget.seeds, check: FramesTarget.check)
}

private enum FramesTarget {
    static let ways = ["client>broker", "broker>client", "worker>broker", "broker>worker"]
    static let words =
        [
            "BXW1", "BXW2", "REQUEST", "CANCEL", "GRANT", "EVENT", "RESPONSE", "HELLO", "WELCOME", "WHO", "JOB",
            "STARTED",
            "PARTIAL", "RESULT", "BEAT", "DRAIN", "CREDIT", "BYE", "\n--\n", "\"id\"", "\"method\"", "\"timeout_ms\"",
            "\"metadata\"", "\"idempotency_key\"", "\"traceparent\"", "\"previous_attempts\"", "\"priority\"",
            "\"pixels\"", "\"dispatch\"", "\"call\"", "\"attempt\"", "\"status\"", "\"code\"", "\"message\"",
            "\"details\"", "\"bad_request\"", "\"field_violations\"", "\"field\"", "\"description\"",
            "\"retry_info\"", "\"retry_delay_ms\"", "\"error_info\"", "\"reason\"", "\"domain\"", "\"progress\"",
            "\"jobs\"", "\"busy\"", "\"credits\"", "\"returned\"", "\"instance\"", "\"model\"", "\"image_limits\"",
            "\"worker\"", "\"beat_interval_ms\"", "\"liveness\"", "\"sequence\"", "\"events\"", "\"events_left_out\"",
            "\"remaining_ms\"", "\"encoding\"",
            "\"NaN\"", "\"Infinity\"", "/boxwood.v1.Grounding/Detect", "/boxwood.v1.Health/Watch", "null", "\\u0000",
        ]

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let long = RPCStatus(
            .internal, "why", reason: .poisonJob, reasonMetadata: ["k": String(repeating: "\u{1}", count: 12_000)])
        let result = WorkerMessage.result(JobResult(dispatch: Dispatch(call: "c", attempt: 1), status: long))
        return [("long-status", [2] + Parts.join(result.frames(.protobuf)))]
            + (try ProjectFiles.recordedMessages().compactMap { message in
                guard let way = ways.firstIndex(of: message.way) else { return nil }
                return (message.name, [UInt8(way)] + Parts.join(message.frames))
            })
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        guard let way = input.first else { return false }
        let frames = Parts.split(input.dropFirst())
        switch way % 4 {
        case 0: return try check(ClientMessage.self, frames) { message throws(BrokenPromise) in try limits(message) }
        case 1: return try check(BrokerReply.self, frames)
        case 2: return try check(WorkerMessage.self, frames) { message throws(BrokenPromise) in try relay(message) }
        default: return try check(BrokerOrder.self, frames)
        }
    }

    private static func check<M: WireMessage>(
        _ type: M.Type, _ frames: [[UInt8]], limits: (M) throws(BrokenPromise) -> Void = { _ in }
    ) throws(BrokenPromise) -> Bool {
        let message: M
        do throws(FrameError) {
            message = try M.read(frames)
        } catch {
            try checkRefusal(error, frames)
            return false
        }
        try limits(message)
        let binary = message.frames(.protobuf)
        for encoding in WireEncoding.allCases {
            let written = message.frames(encoding)
            let isSame: Bool
            try promise(written.count == frames.count, "a message keeps its number of frames")
            try promise(WireEncoding(of: written[2]) == encoding || written[2].isEmpty, "a header tells its encoding")
            do throws(FrameError) {
                // Compared as bytes: values that differ only in how they are written would be equal.
                isSame = try M.read(written).frames(.protobuf) == binary
            } catch {
                throw BrokenPromise("what was read can be written and read again", "\(encoding): \(error)")
            }
            // Details are left out where the other encoding would make a header too long for its reader.
            try promise(
                isSame || frames[2].count > WireLimits.headerBytes / 8, "a message is the same in both encodings",
                "\(encoding)")
        }
        return true
    }

    private static func limits(_ message: ClientMessage) throws(BrokenPromise) {
        guard case .request(let request) = message else { return }
        try promise(
            HeaderRules.isID(request.id) && HeaderRules.isMethod(request.method), "a call has an id and a method")
        try promise(HeaderRules.metadataSize(request.metadata) <= WireLimits.metadataBytes, "metadata keep their limit")
        try promise(request.metadata.keys.allSatisfy(HeaderRules.isMetadataKey), "metadata have the keys of metadata")
        try promise(
            request.effectiveTimeoutMilliseconds <= WireLimits.maxTimeoutMilliseconds, "no call has more time than that"
        )
        try promise(request.traceparent.utf8.count <= WireLimits.traceparentBytes, "a traceparent keeps its limit")
    }

    /// How a job ended goes on to the client, in the client's encoding.
    private static func relay(_ message: WorkerMessage) throws(BrokenPromise) {
        guard case .result(let result) = message else { return }
        let id = String(repeating: "~", count: WireLimits.idBytes)
        let status = result.status.checked(madeBy: .worker)
        for encoding in WireEncoding.allCases {
            let frames = BrokerReply.response(CallResponse(id: id, status: status, attempts: .max)).frames(encoding)
            guard case .response(let response) = try? BrokerReply(frames: frames) else {
                throw BrokenPromise("what a worker says arrives at the client", "\(encoding), \(frames[2].count) bytes")
            }
            try promise(response.status.code == status.code, "a call ends as the worker said")
        }
    }

    private static func checkRefusal(_ error: FrameError, _ frames: [[UInt8]]) throws(BrokenPromise) {
        try promise(!error.status.isOK && !error.status.message.isEmpty, "a refusal says why")
        try promise(error.status.message.utf8.count <= WireLimits.statusMessageBytes, "a refusal is short")
        try PublicText.check(error.description, quoting: Array(frames.joined()))
        try promise(error.deservesAnswer == (frames.first.map(isOurs) ?? false), "strangers alone get no answer")
        let answer = BrokerReply.response(CallResponse(refusing: error))
        let again = try? BrokerReply(frames: answer.frames(error.encoding))
        try promise(again == answer, "a refusal arrives as it was sent", error.description)
    }

    private static func isOurs(_ magic: [UInt8]) -> Bool {
        magic.count == 4 && magic.starts(with: Array("BXW".utf8)) && (0x30...0x39).contains(magic[3])
    }
}

private protocol WireMessage: Hashable {
    static func read(_ frames: [[UInt8]]) throws(FrameError) -> Self
    func frames(_ encoding: WireEncoding) -> [[UInt8]]
}

extension ClientMessage: WireMessage {
    fileprivate static func read(_ frames: [[UInt8]]) throws(FrameError) -> ClientMessage {
        try ClientMessage(frames: frames)
    }
}
extension BrokerReply: WireMessage {
    fileprivate static func read(_ frames: [[UInt8]]) throws(FrameError) -> BrokerReply {
        try BrokerReply(frames: frames)
    }
}
extension WorkerMessage: WireMessage {
    fileprivate static func read(_ frames: [[UInt8]]) throws(FrameError) -> WorkerMessage {
        try WorkerMessage(frames: frames)
    }
}
extension BrokerOrder: WireMessage {
    fileprivate static func read(_ frames: [[UInt8]]) throws(FrameError) -> BrokerOrder {
        try BrokerOrder(frames: frames)
    }
}
