// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Testing
import Wire

/// What a broker answers by itself, and what it refuses.
@Suite("Broker on loopback: refusals, health, status", .serialized, .timeLimit(.minutes(2)))
struct BrokerFramesTests {
    private let context = Context()

    struct BadFrames: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let frames: [[UInt8]]
        let code: StatusCode
        let reason: RPCStatus.Reason
        var id = ""

        init(_ name: String, _ frames: [[UInt8]], _ code: StatusCode, _ reason: RPCStatus.Reason, id: String = "") {
            (testDescription, self.frames, self.code, self.reason, self.id) = (name, frames, code, reason, id)
        }
    }

    private static func text(_ frames: String...) -> [[UInt8]] { frames.map { Array($0.utf8) } }
    private static let header = #"{"id":"1","method":"/boxwood.v1.Grounding/Detect"}"#

    private static let bad: [BadFrames] = [
        BadFrames("another version", text("BXW2", "REQUEST", header, ""), .unimplemented, .unsupportedVersion),
        BadFrames("no header", text("BXW1", "REQUEST"), .internal, .malformedFrames),
        BadFrames("no body", text("BXW1", "REQUEST", header), .internal, .malformedFrames, id: "1"),
        BadFrames(
            "a frame too many", text("BXW1", "REQUEST", header, "", "", ""), .internal, .malformedFrames, id: "1"),
        BadFrames(
            "many frames too many", text("BXW1", "REQUEST", header) + Array(repeating: [], count: 500), .internal,
            .malformedFrames, id: "1"),
        BadFrames("no body, no id", text("BXW1", "REQUEST", "{}"), .internal, .malformedFrames),
        BadFrames("an unknown kind", text("BXW1", "SHOUT", header, ""), .unimplemented, .unknownKind),
        BadFrames("a worker's kind", text("BXW1", "HELLO", header), .unimplemented, .unknownKind),
        BadFrames("a header cut short", text("BXW1", "REQUEST", #"{"id":"1","#, ""), .internal, .malformedHeader),
        BadFrames("no id", text("BXW1", "REQUEST", #"{"method":"/a/b"}"#, ""), .internal, .malformedHeader),
        BadFrames(
            "no method", text("BXW1", "REQUEST", #"{"id":"1"}"#, ""), .internal, .malformedHeader, id: "1"),
        BadFrames(
            "a header too large", text("BXW1", "REQUEST", "{" + String(repeating: " ", count: 65_536), ""),
            .resourceExhausted, .tooLarge),
        BadFrames(
            "a body too large",
            text("BXW1", "REQUEST", header) + [[UInt8](repeating: 0, count: WireLimits.requestBodyBytes + 1)],
            .resourceExhausted, .tooLarge, id: "1"),
        BadFrames(
            "an unknown method", text("BXW1", "REQUEST", #"{"id":"1","method":"/boxwood.v1.Grounding/Dance"}"#, ""),
            .unimplemented, .unknownMethod, id: "1"),
    ]

    @Test("frames that are no request get one typed answer, and the connection stays good", arguments: bad)
    func refusal(bad: BadFrames) throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.peer.say(bad.frames)
        let response = try client.response()
        #expect(response.status.code == bad.code && response.status.reason == bad.reason)
        #expect(response.id == bad.id)
        let counters = try client.status().counters
        #expect((counters["frames_refused_total"] ?? 0) + (counters["unknown_methods_total"] ?? 0) == 1)
        #expect(counters["calls_accepted_total"] == 0, "it came near no worker")
    }

    @Test("a stranger gets no answer, only a count")
    func stranger() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.peer.say([Array("GET / HTTP/1.1".utf8)])
        try client.peer.say([[]])
        try client.ask("1", .healthCheck)
        guard case .response(let response) = try client.hear() else {
            Issue.record("something else came first")
            return
        }
        #expect(response.id == "1")
        #expect(try client.status().counters["frames_refused_total"] == 2)
    }

    @Test("a worker's back door takes no garbage either")
    func backDoor() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let peer = try Peer(context, broker.back)
        try peer.say([[0xFF, 0xFE]])
        try peer.say(Self.text("BXW1", "REQUEST", Self.header, ""))
        try peer.say(Self.text("BXW1", "HELLO", #"{"instance":"a","credits":0}"#))
        try client.wait { $0.counters["frames_refused_total"] == 3 }
        try peer.say(Self.text("BXW1", "BEAT", "{}"))
        let order = try peer.hear { try BrokerOrder(frames: $0) }
        #expect(order == .who, "a beat without a session")
    }

    @Test("Watch tells every change until it is cancelled")
    func watch() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let service = #"{"service":"\#(Method.groundingService)"}"#
        try client.ask("w", .healthWatch, body: service)
        #expect(try event(client) == (0, .notServing))
        // Under an open id: a repetition.
        try client.ask("w", .healthWatch, body: service)
        do {
            _ = try RawWorker(context, broker, "a")
            #expect(try event(client) == (1, .serving))
        }
        #expect(try event(client) == (2, .notServing), "the worker is gone")
        try client.cancel("w")
        let response = try client.response()
        #expect(response.id == "w" && response.status.code == .cancelled)
        #expect(try client.status().counters["requests_repeated_total"] == 1)
    }

    @Test("Watch says again what is so, and a watcher that is gone gives its place back")
    func watchRepeats() throws {
        let broker = try BrokerServer.onLoopback(context, watchRepeat: .milliseconds(20))
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.ask("w", .healthWatch)
        for sequence in 0..<3 as Range<UInt32> { #expect(try event(client) == (sequence, .serving)) }
        try watchAndLeave(broker)
        // Each message to nobody is counted, and its watch is over with it.
        try client.wait { $0.counters["answers_undeliverable_total"] == 1 }
    }

    private func watchAndLeave(_ broker: BrokerServer) throws {
        let client = try RawClient(context, broker)
        try client.ask("w", .healthWatch)
        _ = try event(client)
    }

    @Test("one connection has so many watches, and another still gets one")
    func watchLimit() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        for number in 1...16 {
            try client.ask("\(number)", .healthWatch)
            #expect(try event(client) == (0, .serving))
        }
        try client.ask("17", .healthWatch)
        let refused = try client.response()
        #expect(refused.id == "17" && refused.status.code == .resourceExhausted)
        let other = try RawClient(context, broker)
        try other.ask("1", .healthWatch)
        #expect(try event(other) == (0, .serving))
        try client.cancel("1")
        #expect(try client.response().id == "1")
        try client.ask("17", .healthWatch)
        #expect(try event(client) == (0, .serving))
    }

    private func event(_ client: borrowing RawClient) throws -> (UInt32, ProtoHealthResponse.ServingStatus) {
        let event = try client.peer.hear { frames in
            if case .event(let event) = try BrokerReply(frames: frames) { event } else { nil }
        }
        return (event.sequence, try WireEncoding.decodeResponse(ProtoHealthResponse.self, from: event.body).status)
    }

    @Test("Check knows its services, and no others", arguments: WireEncoding.allCases)
    func check(encoding: WireEncoding) throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        for (service, status) in [
            ("", ProtoHealthResponse.ServingStatus.serving), (Method.groundingService, .notServing),
        ] {
            try client.ask("1", .healthCheck, body: #"{"service":"\#(service)"}"#, encoding: encoding)
            let body = try client.response().body
            #expect(try WireEncoding.decodeResponse(ProtoHealthResponse.self, from: body).status == status)
        }
        try client.ask("2", .healthCheck, body: #"{"service":"weather"}"#)
        #expect(try client.response().status.code == .notFound)
        try client.ask("3", .healthCheck, body: #"{"servize":""}"#)
        #expect(try client.response().status.reason == .malformedBody)
    }

    @Test("Discovery names every method, and the models of the workers in session")
    func discovery() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try client.ask("1", .discovery)
        let answer = try WireEncoding.decodeResponse(ProtoDiscoveryResponse.self, from: try client.response().body)
        #expect(answer.methods.map(\.path) == Method.allCases.map(\.rawValue))
        #expect(answer.models.map(\.name) == ["m"] && answer.version == "test")
        try worker.say(.bye(.ok))
        try client.wait { $0.workers.isEmpty }
    }

    @Test("Discovery names the image limits that every worker in session keeps")
    func imageLimits() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        #expect(try limits(client) == [UInt32(WireLimits.imageBytes), 0, 0], "the protocol's")
        let one = try RawWorker(
            context, broker, "a", images: WireImageLimits(maxBytes: .max, maxPixels: 30, maxSide: 7))
        #expect(try limits(client) == [UInt32(WireLimits.imageBytes), 30, 7])
        let two = try RawWorker(context, broker, "b", images: WireImageLimits(maxBytes: 99, maxPixels: 20))
        #expect(try limits(client) == [99, 20, 7])
        for worker in [0, 1] { try (worker == 0 ? one.say(.bye(.ok)) : two.say(.bye(.ok))) }
        try client.wait { $0.workers.isEmpty }
    }

    private func limits(_ client: borrowing RawClient) throws -> [UInt32] {
        try client.ask("1", .discovery)
        let answer = try WireEncoding.decodeResponse(ProtoDiscoveryResponse.self, from: try client.response().body)
        return [answer.limits.image.maxBytes, answer.limits.image.maxPixels, answer.limits.image.maxSide]
    }
}
