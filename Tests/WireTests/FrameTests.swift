// SPDX-License-Identifier: MIT
import Testing
import Wire

struct FrameTests {
    @Test(arguments: Samples.requests, WireEncoding.allCases)
    func clientMessagesRoundTrip(_ message: ClientMessage, _ encoding: WireEncoding) throws {
        let read = try ClientMessage(frames: message.frames(encoding))
        guard case .request(var request) = read else {
            #expect(read == message)
            return
        }
        #expect(request.encoding == encoding)
        request.encoding = .protobuf
        #expect(.request(request) == message)
    }

    @Test(arguments: Samples.replies, WireEncoding.allCases)
    func brokerRepliesRoundTrip(_ reply: BrokerReply, _ encoding: WireEncoding) throws {
        let frames = reply.frames(encoding)
        #expect(frames.count == 4)
        #expect(WireEncoding(of: frames[2]) == encoding)
        #expect(try BrokerReply(frames: frames) == reply)
    }

    @Test(arguments: Samples.workerMessages, WireEncoding.allCases)
    func workerMessagesRoundTrip(_ message: WorkerMessage, _ encoding: WireEncoding) throws {
        let read = try WorkerMessage(frames: message.frames(encoding))
        guard case .hello(var hello) = read else {
            #expect(read == message)
            return
        }
        #expect(hello.encoding == encoding)
        hello.encoding = .protobuf
        #expect(.hello(hello) == message)
    }

    @Test(arguments: Samples.orders, WireEncoding.allCases)
    func brokerOrdersRoundTrip(_ order: BrokerOrder, _ encoding: WireEncoding) throws {
        #expect(try BrokerOrder(frames: order.frames(encoding)) == order)
    }

    @Test func aFailedResponseHasNoBody() throws {
        let response = CallResponse(id: "1", status: Samples.status, body: [1, 2, 3])
        #expect(BrokerReply.response(response).frames(.json).last == [])
        #expect(
            WorkerMessage.result(JobResult(dispatch: Samples.dispatch, status: Samples.status, body: [1]))
                .frames(.json).last == [])
    }

    @Test func okIsSpelledOutInJSON() {
        let header = BrokerReply.response(CallResponse(id: "1", status: .ok)).frames(.json)[2]
        #expect(String(decoding: header, as: UTF8.self).contains(#""status":{"code":"OK"}"#))
    }

    @Test func theDelimiterOfAReqSocketIsTaken() throws {
        var frames = [[]] + Samples.requests[0].frames(.json)
        #expect(Delimiter.take(from: &frames))
        #expect(!Delimiter.take(from: &frames))
        #expect(throws: Never.self) { try ClientMessage(frames: frames) }
    }
}

/// Every way in which frames can be wrong, and what is said about it.
struct FrameRefusalTests {
    private static let good = Samples.requests[0].frames(.protobuf)

    private func refusal(_ frames: [[UInt8]]) -> FrameError? {
        do throws(FrameError) {
            _ = try ClientMessage(frames: frames)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [[], [[]], [Array("BXW".utf8)], [Array("bxw1".utf8), [], [], []], [Array("BXWa".utf8)]])
    func strangersGetNoAnswer(_ frames: [[UInt8]]) {
        #expect(refusal(frames)?.fault == .stranger)
        #expect(refusal(frames)?.deservesAnswer == false)
    }

    @Test(arguments: ["BXW0", "BXW2", "BXW9"])
    func otherVersionsAreToldSo(_ magic: String) {
        let error = refusal([Array(magic.utf8)] + Self.good.dropFirst())
        #expect(error?.fault == .version)
        #expect(error?.status.code == .unimplemented)
        #expect(error?.status.reason == .unsupportedVersion)
        #expect(error?.deservesAnswer == true)
    }

    @Test(arguments: [1, 2, 3, 6, 10_000])
    func aRequestHasFourOrFiveFrames(_ count: Int) {
        let frames = Array((Self.good + Array(repeating: [], count: 10_000)).prefix(count))
        #expect(refusal(frames)?.status.reason == .malformedFrames)
    }

    @Test func headerOnlyKindsHaveThree() {
        let frames = Samples.requests[2].frames(.json)
        #expect(refusal(frames) == nil)
        #expect(refusal(frames + [[]])?.status.reason == .malformedFrames)
        #expect(refusal(frames + [[]])?.encoding == .json)
    }

    @Test(arguments: ["", "request", "RESPONSE", "HELLO", "JOB", "REQUESTS!", "REQUEST\0"])
    func otherKindsAreUnknown(_ kind: String) {
        let error = refusal([Self.good[0], Array(kind.utf8)] + Self.good.dropFirst(2))
        #expect(error?.fault == .kind)
        #expect(error?.status.code == .unimplemented)
    }

    @Test func eachDialogueRefusesTheOthers() {
        for message in Samples.orders where message != .beat && message != .drain {
            #expect(throws: FrameError.self) { try ClientMessage(frames: message.frames(.protobuf)) }
            #expect(throws: FrameError.self) { try BrokerReply(frames: message.frames(.protobuf)) }
        }
        for message in Samples.requests {
            #expect(throws: FrameError.self) { try WorkerMessage(frames: message.frames(.protobuf)) }
            #expect(throws: FrameError.self) { try BrokerReply(frames: message.frames(.protobuf)) }
        }
    }

    @Test func sizesAreHeldOnBothSides() {
        func frames(header: Int, body: Int, image: Int) -> [[UInt8]] {
            let head = #"{"id":"1","method":"/a/b","unknown":""#
            let filler = String(repeating: "x", count: max(0, header - head.utf8.count - 2))
            return [
                Self.good[0], Self.good[1], Array((head + filler + "\"}").utf8), [UInt8](repeating: 0, count: body),
                [UInt8](repeating: 0, count: image),
            ]
        }
        let header = WireLimits.headerBytes
        let body = WireLimits.requestBodyBytes
        let image = WireLimits.imageBytes
        #expect(refusal(frames(header: header, body: body, image: image)) == nil)
        for (name, frames, id) in [
            ("header", frames(header: header + 1, body: 0, image: 0), ""),
            ("body", frames(header: 100, body: body + 1, image: 0), "1"),
            ("image", frames(header: 100, body: 0, image: image + 1), "1"),
        ] {
            let error = refusal(frames)
            #expect(error?.status.code == .resourceExhausted, "\(name)")
            #expect(error?.status.reason == .tooLarge, "\(name)")
            #expect(error?.status.message.contains(name) == true)
            #expect(error?.id == id)
            #expect(error?.encoding == .json)
        }
    }

    @Test(arguments: [
        ("", "/a/b", ""), (String(repeating: "x", count: 65), "/a/b", ""), ("a b", "/a/b", ""), ("ä", "/a/b", ""),
        ("1", "", "1"), ("1", "a/b", "1"), ("1", "/a/b/c", "1"), ("1", "/a/", "1"), ("1", "//b", "1"),
        ("1", "/a/" + String(repeating: "b", count: 126), "1"),
    ])
    func idsAndMethodsFollowTheirRule(_ id: String, _ method: String, _ answered: String) {
        let request = CallRequest(id: id, method: method, body: [])
        let error = refusal(ClientMessage.request(request).frames(.protobuf))
        #expect(error?.status.reason == .malformedHeader)
        #expect(error?.id == answered)
    }

    @Test func theLongestIdAndMethodPass() {
        let request = CallRequest(
            id: String(repeating: "~", count: 64), method: "/a/" + String(repeating: "b", count: 125), body: [])
        #expect(refusal(ClientMessage.request(request).frames(.protobuf)) == nil)
    }

    @Test(arguments: ["", "Key", "a b", "ä", String(repeating: "k", count: 65)])
    func metadataKeysFollowTheirRule(_ key: String) {
        let request = CallRequest(id: "1", method: "/a/b", metadata: [key: "v"], body: [])
        #expect(refusal(ClientMessage.request(request).frames(.json))?.status.reason == .malformedHeader)
    }

    @Test(arguments: [(8192 - 32 - 1, true), (8192 - 32, false)])
    func metadataHasALimit(_ valueBytes: Int, _ passes: Bool) {
        let request = CallRequest(
            id: "1", method: "/a/b", metadata: ["k": String(repeating: "v", count: valueBytes)], body: [])
        #expect((refusal(ClientMessage.request(request).frames(.json)) == nil) == passes)
    }

    @Test(arguments: [(128, true), (129, false)], WireEncoding.allCases)
    func aTraceparentHasALimit(_ bytes: (count: Int, passes: Bool), _ encoding: WireEncoding) {
        let request = CallRequest(
            id: "1", method: "/a/b", traceparent: String(repeating: "t", count: bytes.count), body: [])
        let error = refusal(ClientMessage.request(request).frames(encoding))
        #expect((error == nil) == bytes.passes)
        #expect(bytes.passes || (error?.status.reason == .malformedHeader && error?.id == "1"))
    }

    @Test(arguments: [(1024, true), (1025, false)] as [(UInt32, Bool)], WireEncoding.allCases)
    func anEventWindowHasALimit(_ window: (size: UInt32, passes: Bool), _ encoding: WireEncoding) {
        let request = CallRequest(id: "1", method: "/a/b", eventWindow: window.size, body: [])
        let error = refusal(ClientMessage.request(request).frames(encoding))
        #expect((error == nil) == window.passes)
        #expect(window.passes || (error?.status.reason == .malformedHeader && error?.id == "1"))
    }

    @Test(arguments: [(WireLimits.events - 1, true), (WireLimits.events, false), (.max, false)] as [(UInt32, Bool)])
    func aCallHasNoMoreEventsThanTheLimit(_ sequence: UInt32, _ passes: Bool) {
        let partial = WorkerMessage.partial(JobPartial(dispatch: Samples.dispatch, sequence: sequence, body: []))
        #expect(((try? WorkerMessage(frames: partial.frames(.protobuf))) != nil) == passes)
        let event = BrokerReply.event(CallEvent(id: "1", sequence: sequence, body: []))
        #expect(((try? BrokerReply(frames: event.frames(.json))) != nil) == passes)
    }

    @Test(arguments: [
        ("", true), (String(repeating: "k", count: 64), true), (String(repeating: "k", count: 65), false),
        ("a b", false), ("ä", false),
    ])
    func idempotencyKeysAreIDs(_ key: String, _ passes: Bool) {
        let request = CallRequest(id: "1", method: "/a/b", idempotencyKey: key, body: [])
        let error = refusal(ClientMessage.request(request).frames(.protobuf))
        #expect((error == nil) == passes)
        #expect(passes || error?.status.reason == .malformedHeader)
    }

    @Test func noCallHasMoreThanTheMostTime() {
        let most = WireLimits.maxTimeoutMilliseconds
        for (asked, has) in [
            (nil, WireLimits.defaultTimeoutMilliseconds), (0, 0), (most, most), (most + 1, most), (.max, most),
        ] as [(UInt32?, UInt32)] {
            let request = CallRequest(id: "1", method: "/a/b", timeoutMilliseconds: asked, body: [])
            #expect(request.effectiveTimeoutMilliseconds == has)
        }
    }

    /// What a client may put into a header and what the broker adds to it fit together.
    @Test(arguments: WireEncoding.allCases)
    func theLargestHeaderOfARequestMakesAJobThatPasses(_ encoding: WireEncoding) throws {
        // Control characters: six bytes each in JSON.
        let value = String(repeating: "\u{1}", count: WireLimits.metadataBytes - WireLimits.metadataEntryOverhead - 1)
        let request = CallRequest(
            id: String(repeating: "~", count: 64), method: "/a/" + String(repeating: "b", count: 125),
            metadata: ["k": value], traceparent: String(repeating: "\u{1}", count: 128), body: [])
        #expect(refusal(ClientMessage.request(request).frames(.protobuf)) == nil)
        let job = Job(
            dispatch: Dispatch(call: String(repeating: "c", count: 64), attempt: .max), id: request.id,
            method: request.method, remainingMilliseconds: .max, queueMilliseconds: .max, metadata: request.metadata,
            traceparent: request.traceparent, body: [])
        #expect(try BrokerOrder(frames: BrokerOrder.job(job).frames(encoding)) == .job(job))
    }

    @Test func aRefusedJobOrResultNamesItsDispatch() throws {
        let job = Job(
            dispatch: Samples.dispatch, id: "1", method: "/a/b", remainingMilliseconds: 1,
            body: [UInt8](repeating: 0, count: WireLimits.requestBodyBytes + 1))
        var error = #expect(throws: FrameError.self) { try BrokerOrder(frames: BrokerOrder.job(job).frames(.protobuf)) }
        #expect(error?.dispatch == Samples.dispatch && error?.isResult == false)
        var anonymous = job
        (anonymous.id, anonymous.body) = ("", [])
        error = #expect(throws: FrameError.self) {
            try BrokerOrder(frames: BrokerOrder.job(anonymous).frames(.json))
        }
        #expect(error?.dispatch == Samples.dispatch)
        for (bytes, passes) in [(WireLimits.responseBodyBytes, true), (WireLimits.responseBodyBytes + 1, false)] {
            let result = JobResult(
                dispatch: Samples.dispatch, status: .ok, body: [UInt8](repeating: 0, count: bytes))
            let frames = WorkerMessage.result(result).frames(.protobuf)
            guard !passes else {
                #expect(throws: Never.self) { try WorkerMessage(frames: frames) }
                continue
            }
            error = #expect(throws: FrameError.self) { try WorkerMessage(frames: frames) }
            #expect(error?.dispatch == Samples.dispatch && error?.isResult == true)
            #expect(error?.status.reason == .tooLarge)
        }
    }

    @Test(arguments: [(64, 64), (65, 64)])
    func aLongNameOfAWorkerIsCut(_ bytes: Int, _ kept: Int) throws {
        let hello = WorkerHello(
            instance: "a", name: String(repeating: "n", count: bytes), pid: 1, version: "1", model: Samples.model)
        guard case .hello(let read) = try WorkerMessage(frames: WorkerMessage.hello(hello).frames(.protobuf)) else {
            Issue.record("no HELLO")
            return
        }
        #expect(read.name.utf8.count == kept)
    }

    @Test(arguments: [("RESULT", 4, true), ("RESULT", 3, true), ("STARTED", 3, false), ("SHOUT", 4, false)])
    func anIllegibleResultIsKnownForOne(_ kind: String, _ frames: Int, _ isResult: Bool) {
        let message = Array([Self.good[0], Array(kind.utf8), [0xFF], []].prefix(frames))
        let error = #expect(throws: FrameError.self) { try WorkerMessage(frames: message) }
        #expect(error?.isResult == isResult && error?.dispatch == nil)
    }

    @Test(arguments: [
        "{", "{}", #"{"id":1}"#, #"{"id":"1","method":"/a/b","timeout_ms":-1}"#,
        #"{"id":"1","method":"/a/b","timeout_ms":1e400}"#, #"{"id":"\ud800","method":"/a/b"}"#,
        #"{"id":"1","method":"/a/b","timeout_ms":NaN}"#, "{\"id\":\"1\u{0}\"}",
    ])
    func brokenJSONHeaders(_ header: String) {
        let error = refusal([Self.good[0], Self.good[1], Array(header.utf8), []])
        #expect(error?.status.reason == .malformedHeader)
        #expect(error?.encoding == .json)
    }

    @Test func deepJSONIsRefused() {
        let nested = String(repeating: #"{"a":"#, count: 513) + "1" + String(repeating: "}", count: 513)
        let header = #"{"id":"1","method":"/a/b","unknown":\#(nested)}"#
        #expect(refusal([Self.good[0], Self.good[1], Array(header.utf8), []])?.status.reason == .malformedHeader)
    }

    @Test(
        arguments: [
            [0xFF], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x0A, 0x05, 0x31], [0x0A, 0x02, 0xC3, 0x28],
            [0x7A, 0x00], [UInt8](repeating: 0x0B, count: 600),
        ] as [[UInt8]])
    func brokenBinaryHeaders(_ header: [UInt8]) {
        #expect(refusal([Self.good[0], Self.good[1], header, []])?.status.reason == .malformedHeader)
    }

    @Test func fieldsOfANewerVersionAreSkippedInHeaders() throws {
        let header = #"{"id":"1","method":"/a/b","priority":3}"#
        #expect(refusal([Self.good[0], Self.good[1], Array(header.utf8), []]) == nil)
    }

    @Test(arguments: [
        #"{"dispatch":{"call":"c","attempt":0}}"#, #"{"dispatch":{"call":"","attempt":1}}"#, "{}",
    ])
    func aDispatchNamesCallAndAttempt(_ header: String) {
        for kind in ["STARTED", "RESULT"] {
            let frames = [Self.good[0], Array(kind.utf8), Array(header.utf8)] + (kind == "RESULT" ? [[]] : [])
            #expect(throws: FrameError.self) { try WorkerMessage(frames: frames) }
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity], WireEncoding.allCases)
    func aBeatHasAProgressThatCanBeCompared(_ progress: Double, _ encoding: WireEncoding) {
        let frames = WorkerMessage.beat(WorkerBeat(progress: progress)).frames(encoding)
        let error = #expect(throws: FrameError.self) { try WorkerMessage(frames: frames) }
        #expect(error?.status.reason == .malformedHeader && error?.encoding == encoding)
    }

    @Test(arguments: [
        #"{"instance":"a","credits":0}"#, #"{"instance":"","credits":1}"#,
        #"{"instance":"a","credits":1,"methods":["Caption"]}"#,
    ])
    func aHelloHasInstanceAndCredits(_ header: String) {
        #expect(throws: FrameError.self) {
            try WorkerMessage(frames: [Self.good[0], Array("HELLO".utf8), Array(header.utf8)])
        }
    }
}
