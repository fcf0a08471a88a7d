// SPDX-License-Identifier: MIT

import Broker
import Messaging
import Testing
import Wire

@Suite("What a worker is called by")
struct WorkerNameTests {
    private let workers = [
        WorkerName(id: "w1", name: "left"), WorkerName(id: "w2", name: "right"), WorkerName(id: "w3", name: "right"),
        WorkerName(id: "w4", name: "w2"), WorkerName(id: "w5", name: ""),
    ]

    @Test(arguments: [("w1", 0), ("left", 0), ("w3", 2), ("w5", 4)])
    func found(_ text: String, _ index: Int) throws {
        #expect(try WorkerName.index(of: text, in: workers) == index)
    }

    @Test(arguments: ["", "W1", "lef", "w6", "left "])
    func missing(_ text: String) {
        #expect {
            try WorkerName.index(of: text, in: workers)
        } throws: { ($0 as? RPCStatus)?.code == .notFound }
    }

    @Test(
        "a name that two have is refused, and one that is another's id",
        arguments: [("right", "w2 w3"), ("w2", "w2 w4")])
    func ambiguous(_ text: String, _ ids: String) {
        #expect {
            try WorkerName.index(of: text, in: workers)
        } throws: { error in
            let status = error as? RPCStatus
            return status?.code == .failedPrecondition && status?.reason == .ambiguousWorker
                && status?.reasonMetadata == ["workers": ids]
        }
    }

    @Test("so many are listed and no more", arguments: [16, 17])
    func listed(_ count: Int) {
        let many = (1...count).map { WorkerName(id: "w\($0)", name: "same") }
        #expect {
            try WorkerName.index(of: "same", in: many)
        } throws: { error in
            let words = (error as? RPCStatus)?.reasonMetadata["workers"]?.split(separator: " ") ?? []
            return words.count == (count > WorkerName.listedWorkers ? WorkerName.listedWorkers + 1 : count)
        }
    }

    @Test("processes that are gone are forgotten, the oldest first, and not before there are too many")
    func instances() {
        var drained = DrainedInstances()
        for number in 1...DrainedInstances.limit { drained.insert("\(number)") }
        drained.insert("1")
        #expect(drained.contains("1") && drained.contains("\(DrainedInstances.limit)"))
        drained.insert("more")
        #expect(!drained.contains("1") && drained.contains("2") && drained.contains("more"))
        drained.remove("2")
        #expect(!drained.contains("2"))
    }
}

/// On real sockets.
@Suite("Broker on loopback: drained workers", .serialized, .timeLimit(.minutes(2)))
struct BrokerDrainTests {
    private let context = Context()

    private func ask(
        _ client: borrowing RawClient, _ method: Method, _ worker: String
    ) throws -> (status: RPCStatus, answer: ProtoDrainResponse) {
        try client.ask("drain", method, body: #"{"worker":"\#(worker)"}"#)
        let response = try client.response()
        guard response.status.isOK else { return (response.status, ProtoDrainResponse()) }
        return (response.status, try WireEncoding.decodeResponse(ProtoDrainResponse.self, from: response.body))
    }

    @Test("a drained worker finishes what it has, gets nothing more, stays, and works again when it is let")
    func life() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        let worker = try RawWorker(context, broker, "one", credits: 2)
        try client.detect("first")
        let job = try worker.job()
        let drained = try ask(client, .drain, "one").answer
        #expect(drained.changed && drained.worker.state == "draining" && drained.worker.jobs == 1)
        #expect(try ask(client, .drain, drained.worker.worker).answer.changed == false, "by its id, a second time")

        try client.detect("second")
        try client.wait { $0.queue.waiting == 1 && $0.queue.waitingByReason["no_worker"] == 1 }
        try worker.answer(job)
        #expect(try client.response().id == "first")
        let status = try client.status()
        #expect(status.workers.map(\.state) == ["drained"] && status.queue.waiting == 1)

        let back = try ask(client, .undrain, "one").answer
        #expect(back.changed && back.worker.state == "busy")
        try worker.answer(try worker.job())
        #expect(try client.response().id == "second")
        #expect(try ask(client, .undrain, "one").answer.changed == false)
        #expect(try client.status().workers.map(\.state) == ["idle"])
    }

    @Test("a process that comes back is still drained; one that said BYE, or another, is not")
    func returning() throws {
        let broker = try BrokerServer.onLoopback(context)
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        _ = try RawWorker(context, broker, "same")
        #expect(try ask(client, .drain, "same").answer.worker.state == "drained")
        let again = try RawWorker(context, broker, "same")
        try client.wait { $0.workers.count == 1 && $0.workers[0].state == "drained" }
        let other = try RawWorker(context, broker, "other")
        try client.detect("first")
        try other.answer(try other.job())
        #expect(try client.response().status.isOK)
        try again.say(.bye(.ok))
        try client.wait { $0.workers.map(\.name) == ["other"] }
        _ = try RawWorker(context, broker, "same")
        #expect(try client.status().workers.allSatisfy { $0.state == "idle" })
    }

    @Test("nobody of that name, two of it, and a service without anybody")
    func refusals() throws {
        let broker = try BrokerServer.onLoopback(context) { $0.noWorkerPatience = .milliseconds(200) }
        defer { broker.stop() }
        let client = try RawClient(context, broker)
        #expect(try ask(client, .drain, "nobody").status.code == .notFound)
        let first = try RawWorker(context, broker, "first")
        let id = try client.status().workers[0].worker
        // Another that is called by the first one's id.
        _ = try RawWorker(context, broker, id)
        let refusal = try ask(client, .drain, id).status
        #expect(refusal.code == .failedPrecondition && refusal.reason == .ambiguousWorker)
        for worker in try client.status().workers.map(\.worker) where worker != id {
            #expect(try ask(client, .drain, worker).status.isOK)
        }
        #expect(try ask(client, .drain, "first").status.isOK)
        try client.ask("health", .healthCheck, body: #"{"service":"boxwood.v1.Grounding"}"#)
        let health = try client.response()
        #expect(String(decoding: health.body, as: UTF8.self).contains("NOT_SERVING"))
        try client.detect("waits")
        let end = try client.response().status
        #expect(end.code == .unavailable && end.reason == .noWorker, "as if there were none")
        _ = consume first
    }
}
