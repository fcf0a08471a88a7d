// SPDX-License-Identifier: MIT
import Client
import Messaging
import Synchronization
import Testing
import Wire

/// Which of several brokers is spoken to.
struct BrokerChoiceTests {
    private let start = ContinuousClock.now

    private func table(_ connected: Int...) -> CallTable {
        var table = CallTable(endpoints: ["a", "b", "c"])
        for broker in connected { table.connection(.connected, of: broker, at: start) }
        return table
    }

    private func call(_ id: String, _ ended: @escaping @Sendable (CallResponse) -> Void = { _ in }) -> CallTable.Call {
        CallTable.Call(
            request: CallRequest(id: id, method: "/a/b", body: []), deadline: start + .seconds(60),
            connectDeadline: start + .seconds(2), finish: ended)
    }

    @Test func theFirstThatIsConnectedIsUsedAndKept() {
        var table = table(1)
        #expect(table.broker == 1)
        table.connection(.connected, of: 0, at: start)
        #expect(table.broker == 1)
        table.connection(.disconnected, of: 1, at: start)
        #expect(table.broker == 0)
        table.connection(.disconnected, of: 0, at: start)
        #expect(table.broker == nil && !table.isConnected)
    }

    @Test func afterOneThatIsGoneComesTheNextInTheList() {
        var table = table(0, 1, 2)
        #expect(table.broker == 0)
        table.connection(.disconnected, of: 0, at: start)
        #expect(table.broker == 1)
        table.connection(.connected, of: 0, at: start)
        table.connection(.disconnected, of: 1, at: start)
        #expect(table.broker == 2)
    }

    @Test(arguments: [RPCStatus.Reason.draining, .noWorker])
    func oneThatTakesNoCallsIsLeftAloneForAWhile(_ reason: RPCStatus.Reason) {
        var table = table(0, 1)
        let status = RPCStatus(.unavailable, reason: reason)
        table.received(.response(CallResponse(id: "over", status: status)), from: 0, at: start)
        #expect(table.broker == 1)
        // It is asked all the same where there is no other.
        table.connection(.disconnected, of: 1, at: start)
        #expect(table.broker == 0)
        table.connection(.connected, of: 1, at: start)
        #expect(table.broker == 1)
        table.connection(.disconnected, of: 1, at: start)
        _ = table.timePassed(at: start + .seconds(5))
        table.connection(.connected, of: 1, at: start + .seconds(5))
        #expect(table.broker == 0, "its time is over")
    }

    @Test(arguments: [(2, StatusCode.unavailable), (3, .unauthenticated)])
    func oneThatClosesEveryGreetingDoesNotAgreeOnKeys(_ times: Int, _ expected: StatusCode) {
        let ended = Mutex<[StatusCode]>([])
        var table = CallTable(endpoints: ["a"])
        table.open(call("1") { response in ended.withLock { $0.append(response.status.code) } }, limit: 9)
        for _ in 0..<times { table.connection(.refused(.silent), of: 0, at: start) }
        _ = table.timePassed(at: start + .seconds(2))
        #expect(ended.withLock { $0 } == [expected])
    }

    @Test func onlyTheCallsOfTheBrokerThatIsGoneAreLost() {
        let ended = Mutex<[String]>([])
        var table = table(0, 1)
        table.open(call("1") { response in ended.withLock { $0.append(response.id) } }, limit: 9)
        _ = table.nextToSend(at: start)
        table.sent("1")
        table.connection(.disconnected, of: 0, at: start)
        table.open(call("2") { response in ended.withLock { $0.append(response.id) } }, limit: 9)
        table.sent("2")
        _ = table.timePassed(at: start + CallTable.answerGrace)
        #expect(ended.withLock { $0 } == ["1"])
        #expect(table.cancel("2") == SentCall(id: "2", broker: 1))
    }

    @Test func aRefusedKeyIsSaidOnceTheWaitIsOver() {
        let ended = Mutex<[RPCStatus]>([])
        var table = table()
        table.connection(.refused(.key), of: 1, at: start)
        table.open(call("1") { response in ended.withLock { $0.append(response.status) } }, limit: 9)
        _ = table.timePassed(at: start + .seconds(2))
        #expect(ended.withLock { $0.map(\.code) } == [.unauthenticated])
        #expect(ended.withLock { $0.map(\.reason) } == [.key])
    }
}

/// The client against several brokers on real sockets.
@Suite(.timeLimit(.minutes(1)))
struct SeveralBrokersTests {
    private func client(_ brokers: FakeBroker...) throws -> BoxwoodClient {
        try BoxwoodClient(
            ClientConfiguration(
                endpoints: brokers.map(\.endpoint), connectTimeout: .seconds(30), timeout: .seconds(30)))
    }

    /// The requests that a broker heard.
    private func requests(_ broker: FakeBroker) -> [CallRequest] {
        broker.heard.compactMap { if case .request(let request) = $0 { request } else { nil } }
    }

    @Test func aBrokerThatDrainsIsLeftForTheNext() async throws {
        let draining = RPCStatus(.unavailable, "stopping", reason: .draining)
        let first = FakeBroker { [.response(CallResponse(id: $0.id, status: draining))] }
        let second = FakeBroker { [.response(CallResponse(id: $0.id, status: .ok, body: [2]))] }
        defer {
            first.stop()
            second.stop()
        }
        let client = try client(first, second)
        for _ in 0..<5 { #expect(try await client.call("/a/b", body: []).body == [2]) }
        #expect(requests(first).count <= 1, "it is not asked again and again")
    }

    @Test func aCallAtABrokerThatIsLostGoesToTheNextUnderItsKey() async throws {
        let first = FakeBroker { _ in [] }
        let endpoint = first.endpoint
        // The second comes when the first has the call, so that it is certain where that one is.
        let spare = FakeBroker { _ in [] }
        let other = spare.endpoint
        spare.stop()
        let client = try BoxwoodClient(
            ClientConfiguration(endpoints: [endpoint, other], connectTimeout: .seconds(30), timeout: .seconds(30)))
        let answer = Task { try await client.call("/a/b", body: []) }
        #expect(try await first.hears { _ in true })
        let second = FakeBroker(at: other) { [.response(CallResponse(id: $0.id, status: .ok, body: [2]))] }
        defer { second.stop() }
        first.stop()
        #expect(try await answer.value.body == [2])
        let sent = requests(first) + requests(second)
        #expect(sent.count == 2 && sent[0].id != sent[1].id && sent[0].idempotencyKey == sent[1].idempotencyKey)
        #expect(!sent[0].idempotencyKey.isEmpty && sent[1].previousAttempts == 1)
    }

    @Test func whatIsNoListOfBrokersIsRefused() {
        #expect(throws: RPCStatus.self) { try BoxwoodClient(ClientConfiguration(endpoints: [])) }
        let many = Array(repeating: "tcp://127.0.0.1:1", count: WireLimits.brokers + 1)
        #expect(throws: RPCStatus.self) { try BoxwoodClient(ClientConfiguration(endpoints: many)) }
        let wide = ["tcp://127.0.0.1:1", "tcp://10.0.0.1:1"]
        #expect(throws: RPCStatus.self) { try BoxwoodClient(ClientConfiguration(endpoints: wide)) }
    }
}
