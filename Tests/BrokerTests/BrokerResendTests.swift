// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Testing
import Wire

/// Calls that come again under their key, on real sockets.
@Suite("Broker on loopback: calls that come again", .serialized, .timeLimit(.minutes(2)))
struct BrokerResendTests {
    private let context = Context()

    private func detect(
        _ client: borrowing RawClient, _ id: String, key: String, label: String = "cat",
        encoding: WireEncoding = .protobuf, image: [UInt8] = [7]
    ) throws {
        let request = CallRequest(
            id: id, method: Method.detect.rawValue, timeoutMilliseconds: 600_000, idempotencyKey: key,
            encoding: encoding, body: Array(#"{"labels":["\#(label)"]}"#.utf8), image: image)
        try client.peer.say(ClientMessage.request(request).frames(encoding))
    }

    @Test(
        "one piece of work answers both, although the connection of the first is gone; later ones get the same answer")
    func joined() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let worker = try RawWorker(context, broker, "a", credits: 5)
        let job = try lostCall(broker, worker)
        let client = try RawClient(context, broker)
        try detect(client, "2", key: "k")
        try client.wait { $0.counters["calls_joined_total"] == 1 }
        try worker.answer(job, "once")
        let response = try client.response()
        #expect(response.id == "2" && response.body == Array("once".utf8) && response.attempts == 1)
        try detect(client, "3", key: "k")
        let again = try client.response()
        #expect(again.id == "3" && again.body == Array("once".utf8))
        let counters = try client.status().counters
        #expect(counters["jobs_dispatched_total"] == 1 && counters["calls_answered_again_total"] == 1)
    }

    private func lostCall(_ broker: BrokerServer, _ worker: borrowing RawWorker) throws -> Job {
        let client = try RawClient(context, broker)
        try detect(client, "1", key: "k")
        return try worker.job()
    }

    @Test("a key that comes with another request is refused", arguments: ["body", "picture", "encoding"])
    func misused(what: String) throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try detect(client, "1", key: "k")
        try detect(
            client, "2", key: "k", label: what == "body" ? "dog" : "cat",
            encoding: what == "encoding" ? .json : .protobuf, image: what == "picture" ? [8] : [7])
        let response = try client.response()
        #expect(response.id == "2" && response.status.code == .failedPrecondition)
        #expect(response.status.reason == .keyReused)
    }

    @Test("an answer that is not OK is not given again")
    func failures() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try detect(client, "1", key: "k")
        try worker.say(.result(JobResult(dispatch: try worker.job().dispatch, status: RPCStatus(.internal, "no"))))
        #expect(try client.response().status.code == .internal)
        try detect(client, "2", key: "k")
        try worker.answer(try worker.job(), "better")
        #expect(try client.response().body == Array("better".utf8))
    }
}
