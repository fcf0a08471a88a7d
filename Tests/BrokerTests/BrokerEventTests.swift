// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Testing
import Wire

/// Events of tasks between raw peers: which of them a client hears of.
@Suite("Events through a broker", .timeLimit(.minutes(1)))
struct BrokerEventTests {
    private let context = Context()

    private func request(_ id: String, window: UInt32, key: String = "") -> CallRequest {
        CallRequest(
            id: id, method: Method.detect.rawValue, timeoutMilliseconds: 600_000, idempotencyKey: key,
            eventWindow: window, body: Array(#"{"labels":["cat"]}"#.utf8), image: [7])
    }

    private func ask(_ client: borrowing RawClient, _ id: String, window: UInt32, key: String = "") throws {
        let message = ClientMessage.request(request(id, window: window, key: key))
        try client.peer.say(message.frames(.protobuf))
    }

    private func tell(_ worker: borrowing RawWorker, _ job: Job, _ sequences: some Sequence<UInt32>) throws {
        for sequence in sequences {
            try worker.say(
                .partial(JobPartial(dispatch: job.dispatch, sequence: sequence, body: [UInt8(sequence)])))
        }
    }

    /// The sequences of events before the response, and the response.
    private func rest(_ client: borrowing RawClient) throws -> (events: [UInt32], response: CallResponse) {
        var events: [UInt32] = []
        while true {
            switch try client.hear() {
            case .event(let event):
                #expect(event.body == [UInt8(event.sequence)])
                events.append(event.sequence)
            case .response(let response): return (events, response)
            }
        }
    }

    private func event(_ client: borrowing RawClient) throws -> UInt32? {
        if case .event(let event) = try client.hear() { event.sequence } else { nil }
    }

    @Test func onlyWhoAsksHearsOfThem() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        for (id, window) in [("plain", 0), ("events", 9)] as [(String, UInt32)] {
            try ask(client, id, window: window)
            let job = try worker.job()
            #expect(job.streams == (window > 0))
            try tell(worker, job, 0..<3)
            try worker.answer(job)
            let (events, response) = try rest(client)
            #expect(events == (window > 0 ? [0, 1, 2] : []))
            #expect(response.status.isOK && response.eventsLeftOut == 0)
        }
    }

    @Test("After a worker is lost the next one's events go on where the first one's ended")
    func redelivery() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        try ask(client, "1", window: 9)
        let lost = try RawWorker(context, broker, "a")
        let first = try lost.job()
        try tell(lost, first, 0..<2)
        #expect(try event(client) == 0)
        #expect(try event(client) == 1)
        try lost.say(.bye(.ok))
        let next = try RawWorker(context, broker, "b")
        let second = try next.job()
        #expect(second.dispatch.attempt == 2 && second.streams)
        // What comes of the first attempt now is late.
        try tell(next, first, 2..<4)
        try tell(next, second, 0..<4)
        try next.answer(second)
        let (events, response) = try rest(client)
        #expect(events == [2, 3] && response.attempts == 2)
        #expect(try client.status().counters["messages_late_total"] == 2)
    }

    @Test("A reader who takes his time gets what he grants; the answer does not wait for him")
    func slowReader() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try ask(client, "1", window: 1)
        let job = try worker.job()
        try tell(worker, job, 0..<5)
        #expect(try event(client) == 0)
        try client.peer.say(ClientMessage.grant(id: "1", events: 2).frames(.json))
        #expect(try event(client) == 1)
        #expect(try event(client) == 2)
        try worker.answer(job)
        let (events, response) = try rest(client)
        #expect(events == [] && response.status.isOK && response.eventsLeftOut == 2)
        #expect(try client.status().counters["events_left_out_total"] == 2)
        // For a call that is over, or never was.
        try client.peer.say(ClientMessage.grant(id: "1", events: .max).frames(.protobuf))
        try client.peer.say(ClientMessage.grant(id: "2", events: .max).frames(.protobuf))
        #expect(try client.status().counters["events_sent_total"] == 3)
    }

    @Test func whoeverJoinsLateHearsNoneAndTheAnswer() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let early = try RawClient(context, broker)
        let late = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "a")
        try ask(early, "1", window: 9, key: "k")
        let job = try worker.job()
        try tell(worker, job, 0..<1)
        #expect(try event(early) == 0)
        try ask(late, "1", window: 9, key: "k")
        try early.wait { $0.counters["calls_joined_total"] == 1 }
        try tell(worker, job, 1..<3)
        try worker.answer(job)
        #expect(try rest(early).events == [1, 2])
        let (events, response) = try rest(late)
        #expect(events == [] && response.status.isOK && response.eventsLeftOut == 2)
    }
}
