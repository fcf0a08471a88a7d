// SPDX-License-Identifier: MIT
import Client
import Grounding
import Testing
import Wire

/// The client against a broker on a real socket.
@Suite(.timeLimit(.minutes(1)))
struct BoxwoodClientTests {
    private static let result = GroundingResult(
        id: "x", task: .detect, model: ModelIdentity(name: "m", revision: "r", precision: "f32"),
        image: ImageDescription(width: 8, height: 4, sha256: "00", orientation: 1), caption: "cat", entities: [],
        text: "", finishReason: .stop)

    private func client(
        _ broker: FakeBroker, encoding: WireEncoding = .protobuf, retry: RetryPolicy = .never, openCalls: Int = 1024
    ) throws -> BoxwoodClient {
        try BoxwoodClient(
            ClientConfiguration(
                endpoint: broker.endpoint, connectTimeout: .seconds(30), timeout: .seconds(30),
                openCallLimit: openCalls, retry: retry, encoding: encoding))
    }

    private func status(_ body: () async throws -> Void) async -> RPCStatus? {
        do {
            try await body()
            return nil
        } catch {
            return error as? RPCStatus
        }
    }

    @Test(arguments: WireEncoding.allCases)
    func aTaskComesBackWithItsResult(_ encoding: WireEncoding) async throws {
        let broker = FakeBroker { request in
            let isRight =
                request.encoding == encoding && request.method == Method.detect.rawValue && request.image == [1, 2, 3]
                && (try? TaskRequest(task: .detect, body: request.body))?.task == .detect(labels: ["cat"])
                && (1...30_000).contains(request.timeoutMilliseconds ?? 0) && request.metadata == [:]
            let status = isRight ? RPCStatus.ok : RPCStatus(.internal, "\(request)")
            return [
                .response(
                    CallResponse(id: request.id, status: status, attempts: 2, body: Self.result.body(encoding)))
            ]
        }
        defer { broker.stop() }
        let answer = try await client(broker, encoding: encoding).detect(image: [1, 2, 3], labels: ["cat"])
        var expected = Self.result
        expected.attempts = 2
        #expect(answer == expected)
    }

    @Test func manyCallsAreAnsweredInAnyOrder() async throws {
        let broker = FakeBroker { request in
            [.response(CallResponse(id: request.id, status: .ok, body: request.body))]
        }
        defer { broker.stop() }
        let client = try client(broker)
        let echoed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let body = Array("\(number)".utf8)
                    return try await client.call("/a/b", body: body).body == body
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(echoed == 200)
    }

    @Test func aStatusArrivesWithItsDetails() async throws {
        let sent = RPCStatus(
            .invalidArgument, "no", violations: [FieldViolation("labels", "is empty")], reason: .malformedBody)
        let broker = FakeBroker { [.response(CallResponse(id: $0.id, status: sent))] }
        defer { broker.stop() }
        let client = try client(broker)
        #expect(await status { _ = try await client.detect(image: [1], labels: []) } == sent)
    }

    @Test func silenceEndsAtTheDeadline() async throws {
        let broker = FakeBroker { _ in [] }
        defer { broker.stop() }
        let client = try client(broker)
        let ended = await status { _ = try await client.call("/a/b", body: [], timeout: .milliseconds(200)) }
        #expect(ended?.code == .deadlineExceeded)
        #expect(try await broker.hears { if case .cancel = $0 { true } else { false } })
    }

    @Test func aLateAnswerIsDropped() async throws {
        let broker = FakeBroker { request in
            request.method == "/a/late" ? [] : [.response(CallResponse(id: request.id, status: .ok, body: [7]))]
        }
        defer { broker.stop() }
        let client = try client(broker)
        #expect(await status { _ = try await client.call("/a/late", body: [], timeout: .milliseconds(100)) } != nil)
        guard case .request(let late) = broker.heard[0] else { return }
        broker.say(BrokerReply.response(CallResponse(id: late.id, status: .ok)).frames(.json))
        #expect(try await client.call("/a/b", body: []).body == [7])
    }

    @Test func answersForOthersAndGarbageAreDropped() async throws {
        let broker = FakeBroker { request in
            [
                .response(CallResponse(id: "someone-else", status: .ok, body: [1])),
                .event(CallEvent(id: request.id, sequence: 0, body: [2])),
            ]
        }
        defer { broker.stop() }
        let client = try client(broker)
        async let answer = client.call("/a/b", body: [])
        #expect(try await broker.hears { _ in true })
        guard case .request(let request) = broker.heard[0] else { return }
        broker.say([[0xFF]])
        broker.say([WireLimits.magic, Array("RESPONSE".utf8), [0xFF], []])
        broker.say(BrokerReply.response(CallResponse(id: request.id, status: .ok, body: [3])).frames(.json))
        #expect(try await answer.body == [3])
    }

    @Test func aBrokerThatDiesMidCallIsNoticed() async throws {
        let broker = FakeBroker { _ in [] }
        var configuration = ClientConfiguration(endpoint: broker.endpoint)
        configuration.retry = .never
        let client = try BoxwoodClient(configuration)
        defer { client.close() }
        let answer = Task { try await client.call("/a/b", body: [], timeout: .seconds(600)) }
        #expect(try await broker.hears { if case .request = $0 { true } else { false } })
        broker.stop()
        await #expect { _ = try await answer.value } throws: { ($0 as? RPCStatus)?.code == .unavailable }
    }

    @Test func cancellingTheTaskCancelsTheCall() async throws {
        let broker = FakeBroker { _ in [] }
        defer { broker.stop() }
        let client = try client(broker)
        let call = Task { try await client.call("/a/b", body: []) }
        #expect(try await broker.hears { if case .request = $0 { true } else { false } })
        call.cancel()
        let ended = await call.result
        #expect(throws: RPCStatus.self) { try ended.get() }
        guard case .request(let request) = broker.heard[0] else { return }
        #expect(try await broker.hears { $0 == .cancel(id: request.id, reason: "") })
    }

    @Test func aTaskThatIsCancelledBeforeItCallsEndsToo() async throws {
        let broker = FakeBroker { _ in [] }
        defer { broker.stop() }
        let client = try client(broker)
        let call = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.call("/a/b", body: [])
        }
        let ended = await status { _ = try await call.value }
        #expect(ended?.code == .cancelled)
    }

    @Test func noBrokerIsSaidClearly() async throws {
        // A port that was free a moment ago, and that nobody listens on.
        let gone = FakeBroker { _ in [] }
        let endpoint = gone.endpoint
        gone.stop()
        let client = try BoxwoodClient(
            ClientConfiguration(endpoint: endpoint, connectTimeout: .milliseconds(200), timeout: .seconds(30)))
        let ended = await status { _ = try await client.health() }
        #expect(ended?.code == .unavailable)
        #expect(ended?.reason == .noBroker)
        #expect(ended?.message == "no broker answers at \(endpoint); start one with: boxwood up")
    }

    /// Nobody reads what is posted to a socket that is not there: each call must end all the same, the second too.
    @Test func withoutASocketEveryCallEnds() async throws {
        let client = try BoxwoodClient(ClientConfiguration(endpoint: "tcp://no host:80", allowsPlaintext: true))
        for _ in 0..<3 {
            let ended = await status { _ = try await client.health() }
            #expect(ended?.code == .internal && ended?.message.contains("socket failed") == true)
        }
        client.closeAndWait()
        let ended = await status { _ = try await client.health() }
        #expect(ended?.code == .cancelled)
    }

    @Test func aBrokerThatComesLateIsFound() async throws {
        let first = FakeBroker { _ in [] }
        let endpoint = first.endpoint
        first.stop()
        let client = try BoxwoodClient(ClientConfiguration(endpoint: endpoint, connectTimeout: .seconds(30)))
        async let answer = client.call("/a/b", body: [])
        let broker = FakeBroker(at: endpoint) { [.response(CallResponse(id: $0.id, status: .ok, body: [5]))] }
        defer { broker.stop() }
        #expect(try await answer.body == [5])
    }

    @Test func unavailableIsTriedAgainUnderANewId() async throws {
        let busy = RPCStatus(.unavailable, "soon", retryDelayMilliseconds: 1)
        let broker = FakeBroker { request in
            [.response(CallResponse(id: request.id, status: request.previousAttempts < 2 ? busy : .ok))]
        }
        defer { broker.stop() }
        _ = try await client(broker, retry: RetryPolicy(attempts: 3)).call("/a/b", body: [])
        let ids = broker.heard.compactMap { if case .request(let request) = $0 { request.id } else { nil } }
        #expect(Set(ids).count == 3)
        let keys = broker.heard.compactMap {
            if case .request(let request) = $0 { request.idempotencyKey } else { nil }
        }
        #expect(keys.count == 3 && Set(keys).count == 1 && keys[0].utf8.count > 16, "one call, one key")
        #expect(await status { _ = try await self.client(broker, retry: .never).call("/a/b", body: []) } == busy)
    }

    @Test func closingEndsOpenAndLaterCalls() async throws {
        let broker = FakeBroker { _ in [] }
        defer { broker.stop() }
        let client = try client(broker)
        let open = Task { try await client.call("/a/b", body: []) }
        #expect(try await broker.hears { _ in true })
        client.close()
        client.close()
        let ended = await status { _ = try await open.value }
        #expect(ended?.code == .cancelled)
        #expect(await status { _ = try await client.call("/a/b", body: []) }?.code == .cancelled)
    }

    @Test func tooManyAndTooLargeAreRefusedHere() async throws {
        let broker = FakeBroker { _ in [] }
        defer { broker.stop() }
        let client = try client(broker, openCalls: 0)
        #expect(await status { _ = try await client.call("/a/b", body: []) }?.code == .resourceExhausted)
        let image = [UInt8](repeating: 0, count: WireLimits.imageBytes + 1)
        #expect(await status { _ = try await client.call("/a/b", body: [], image: image) }?.reason == .tooLarge)
    }

    @Test func watchingGivesEveryState() async throws {
        let broker = FakeBroker { request in
            let states: [ProtoHealthResponse.ServingStatus] = [.notServing, .serving]
            return states.enumerated().map { index, state in
                var message = ProtoHealthResponse()
                message.status = state
                return .event(
                    CallEvent(id: request.id, sequence: UInt32(index), body: WireEncoding.json.encode(message)))
            } + [.response(CallResponse(id: request.id, status: .ok))]
        }
        defer { broker.stop() }
        var states: [ServingStatus] = []
        for try await state in try client(broker).watchHealth(timeout: .seconds(30)) { states.append(state) }
        #expect(states == [.notServing, .serving])
    }

    @Test func questionsToTheBroker() async throws {
        let broker = FakeBroker { request in
            var health = ProtoHealthResponse()
            health.status = .serving
            var discovery = ProtoDiscoveryResponse()
            discovery.version = "9.9"
            var status = ProtoAdminStatusResponse()
            status.draining = true
            let body: [UInt8] =
                switch Method(rawValue: request.method) {
                case .healthCheck: WireEncoding.json.encode(health)
                case .discovery: WireEncoding.protobuf.encode(discovery)
                default: WireEncoding.protobuf.encode(status)
                }
            return [.response(CallResponse(id: request.id, status: .ok, body: body))]
        }
        defer { broker.stop() }
        let client = try client(broker)
        #expect(try await client.health() == .serving)
        #expect(try await client.describe().version == "9.9")
        #expect(try await client.status().draining)
    }

    @Test func anUnreadableResultIsInternal() async throws {
        let broker = FakeBroker { [.response(CallResponse(id: $0.id, status: .ok, body: [0xFF]))] }
        defer { broker.stop() }
        let client = try client(broker)
        #expect(await status { _ = try await client.caption(image: [1]) }?.code == .internal)
    }

    @Test(arguments: ["", "127.0.0.1:5540", "http://x", "tcp://127.0.0.1:99999"])
    func endpointsAreChecked(_ endpoint: String) {
        #expect(throws: RPCStatus.self) { try BoxwoodClient(ClientConfiguration(endpoint: endpoint)) }
    }
}
