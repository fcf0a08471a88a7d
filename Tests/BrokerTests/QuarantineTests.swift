// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Testing
import Wire

@Suite("Quarantine")
struct QuarantineTests {
    private func entry(_ id: String, bytes: Int = 10) -> Quarantine.Entry {
        Quarantine.Entry(
            id: id, request: CallRequest(id: "c", method: "/a/b", body: [], image: [UInt8](repeating: 0, count: bytes)),
            blame: Blame(attempts: 3, losses: 3, failures: 3), since: .zero)
    }

    private func add(_ entry: Quarantine.Entry, to quarantine: inout Quarantine) -> [String] {
        quarantine.add(entry).map(\.id)
    }

    @Test("the oldest goes first, by number and by bytes, and not before")
    func bounds() {
        var quarantine = Quarantine(entries: 3, bytes: 100)
        for id in ["1", "2", "3"] { #expect(add(entry(id), to: &quarantine) == []) }
        #expect(add(entry("4"), to: &quarantine) == ["1"])
        #expect(add(entry("5", bytes: 80), to: &quarantine) == ["2"], "100 bytes are 100 bytes")
        #expect(quarantine.bytes == 100)
        #expect(add(entry("6", bytes: 100), to: &quarantine) == ["3", "4", "5"])
        #expect(add(entry("7", bytes: 101), to: &quarantine) == ["6", "7"], "larger than all the room")
        #expect(quarantine.entries.isEmpty && quarantine.bytes == 0)
    }

    @Test("what fails again stays where it is, and its cost adds up")
    func again() {
        var quarantine = Quarantine()
        quarantine.add(entry("1"))
        quarantine.retried("1")
        quarantine.failedAgain("1", Blame(attempts: 3, losses: 3, failures: 2))
        #expect(quarantine["1"]?.blame == Blame(attempts: 6, losses: 6, failures: 5) && quarantine["1"]?.retries == 1)
        let removed = [quarantine.remove("1"), quarantine.remove("1")]
        #expect(removed == [true, false])
    }
}

/// On real sockets.
@Suite("Broker on loopback: quarantine", .serialized, .timeLimit(.minutes(2)))
struct BrokerQuarantineTests {
    private let context = Context()

    private func costWorkers(_ broker: BrokerServer, _ name: String) throws {
        for number in 1...3 {
            let worker = try RawWorker(context, broker, "\(name)\(number)")
            let job = try worker.job()
            try worker.say(.started(job.dispatch))
            try worker.say(.bye(RPCStatus(.internal, "crash")))
        }
    }

    private func ask<M>(
        _ client: borrowing RawClient, _ id: String, _ method: Method, _ body: String, as type: (([UInt8]) throws -> M)
    ) throws -> M {
        try client.ask(id, method, body: body)
        return try type(try client.response().body)
    }

    @Test("what cost three workers is listed, shown, tried again, and dropped once it is answered")
    func life() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.detect("poison", image: [1, 2, 3])
        try costWorkers(broker, "a")
        let end = try client.response()
        #expect(end.status.code == .dataLoss && end.status.reasonMetadata["failures"] == "3")

        func list() throws -> [ProtoQuarantineEntry] {
            try ask(client, "list", .quarantineList, "{}") {
                try WireEncoding.decodeResponse(ProtoQuarantineListResponse.self, from: $0).entries
            }
        }
        let entry = try #require(try list().first)
        #expect(entry.call == "poison" && entry.imageBytes == 3 && entry.losses == 3 && entry.retries == 0)
        let shown = try ask(client, "show", .quarantineShow, #"{"id":"\#(entry.id)","image":true}"#) {
            try WireEncoding.decodeResponse(ProtoQuarantineShowResponse.self, from: $0)
        }
        #expect([UInt8](shown.image) == [1, 2, 3] && [UInt8](shown.body) == Array(#"{"labels":["cat"]}"#.utf8))

        // Again poison: it stays, and has cost six.
        try client.ask("again", .quarantineRetry, body: #"{"id":"\#(entry.id)"}"#)
        try costWorkers(broker, "b")
        #expect(try client.response().status.code == .dataLoss)
        #expect(try list().map(\.losses) == [6])

        // Then answered: it is gone.
        try client.ask("finally", .quarantineRetry, body: #"{"id":"\#(entry.id)"}"#)
        let worker = try RawWorker(context, broker, "good")
        let job = try worker.job()
        #expect(job.image == [1, 2, 3] && job.method == Method.detect.rawValue)
        try worker.answer(job, "{\"text\":\"found\"}")
        let answer = try client.response()
        #expect(answer.id == "finally" && answer.status.isOK && answer.body == Array("{\"text\":\"found\"}".utf8))
        #expect(try list().isEmpty)
    }

    @Test(
        "an id that is not there is NOT_FOUND", arguments: [Method.quarantineShow, .quarantineRetry, .quarantineDrop])
    func unknown(method: Method) throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.ask("1", method, body: #"{"id":"nobody"}"#)
        #expect(try client.response().status.code == .notFound)
    }

    @Test("everything can be dropped at once")
    func dropAll() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try client.detect("poison")
        try costWorkers(broker, "a")
        _ = try client.response()
        try client.ask("drop", .quarantineDrop, body: #"{"all":true}"#)
        let dropped = try WireEncoding.decodeResponse(
            ProtoQuarantineDropResponse.self, from: try client.response().body)
        #expect(dropped.dropped == 1)
    }
}
