// SPDX-License-Identifier: MIT
import Grounding
import Testing
import Wire

struct StatusTests {
    @Test func numbersAndNamesAreGRPCs() {
        #expect(StatusCode.allCases.map(\.rawValue) == Array(0...16))
        for code in StatusCode.allCases {
            #expect(ProtoCode(rawValue: code.rawValue).map { "\($0)" } != nil)
            let header = BrokerReply.response(CallResponse(id: "1", status: RPCStatus(code))).frames(.json)[2]
            #expect(String(decoding: header, as: UTF8.self).contains("\"\(code.name)\""))
        }
    }

    /// What gRPC's library never says by itself, neither broker nor client says.
    @Test(arguments: [StatusCode.alreadyExists, .aborted, .outOfRange])
    func applicationCodesAreTheWorkers(_ code: StatusCode) {
        #expect(code.mayBeMade(by: .worker))
        #expect(!code.mayBeMade(by: .broker))
        #expect(!code.mayBeMade(by: .client))
    }

    /// The broker says them of what it keeps itself: keys, what is in quarantine, and durable jobs.
    @Test(arguments: [StatusCode.invalidArgument, .failedPrecondition, .dataLoss])
    func codesOfBrokerAndWorker(_ code: StatusCode) {
        #expect(code.mayBeMade(by: .worker) && code.mayBeMade(by: .broker) && !code.mayBeMade(by: .client))
    }

    @Test(arguments: [StatusCode.unavailable, .unauthenticated, .permissionDenied])
    func transportCodesAreNotTheWorkers(_ code: StatusCode) {
        #expect(code.mayBeMade(by: .broker))
        #expect(!code.mayBeMade(by: .worker))
    }

    @Test func clientsMakeSixCodes() {
        #expect(
            Set(StatusCode.allCases.filter { $0.mayBeMade(by: .client) })
                == [.cancelled, .deadlineExceeded, .resourceExhausted, .internal, .unavailable, .unauthenticated])
    }

    @Test func aForeignCodeBecomesUnknown() {
        let status = RPCStatus(.unavailable, "no").checked(madeBy: .worker)
        #expect(status.code == .unknown)
        #expect(status.reason == .foreignStatus)
        #expect(status.reasonMetadata == ["code": "UNAVAILABLE"])
        #expect(RPCStatus(.dataLoss).checked(madeBy: .worker).code == .dataLoss)
        #expect(RPCStatus(.unavailable).checked(madeBy: .worker, .broker).code == .unavailable)
    }

    @Test func detailsSurvive() throws {
        #expect(RPCStatus(Samples.status.proto) == Samples.status)
    }

    @Test func aMissingOrNewCodeIsUnknown() {
        #expect(RPCStatus(ProtoStatus()).code == .unknown)
        var status = ProtoStatus()
        status.code = .UNRECOGNIZED(99)
        #expect(RPCStatus(status).code == .unknown)
    }

    @Test func longTextsAreCutAtACharacter() {
        let limit = WireLimits.statusMessageBytes
        let cut = RPCStatus(.internal, String(repeating: "é", count: limit)).proto.message
        #expect(cut == String(repeating: "é", count: limit / 2))
        let exact = String(repeating: "x", count: limit)
        #expect(RPCStatus(.internal, exact).proto.message == exact)
        #expect(RPCStatus(.internal, exact + "x").proto.message == exact)
    }

    @Test func theWorstStatusFitsAHeader() throws {
        let long = String(repeating: "\u{1}", count: 10_000)
        let violations = (0..<1000).map { _ in FieldViolation(long, long) }
        let status = RPCStatus(.invalidArgument, long, violations: violations)
        for encoding in WireEncoding.allCases {
            let reply = BrokerReply.response(CallResponse(id: "1", status: status))
            guard case .response(let read) = try BrokerReply(frames: reply.frames(encoding)) else { return }
            #expect(read.status.code == .invalidArgument && read.status.message == status.proto.message)
            #expect((encoding == .protobuf) == (read.status.violations.count == WireLimits.violations))
        }
        let plain = String(repeating: "x", count: 10_000)
        let likely = RPCStatus(
            .invalidArgument, plain, violations: (0..<1000).map { _ in FieldViolation(plain, plain) })
        let frames = BrokerReply.response(CallResponse(id: "1", status: likely)).frames(.json)
        guard case .response(let read) = try BrokerReply(frames: frames) else { return }
        #expect(read.status.violations.count == WireLimits.violations)
    }

    /// A worker's status goes on to the client in the client's encoding: there it must arrive, whatever the worker wrote.
    @Test(arguments: WireEncoding.allCases)
    func whatAWorkerMayWriteArrives(_ encoding: WireEncoding) throws {
        let long = String(repeating: "\u{1}", count: 60_000)
        for status in [
            RPCStatus(.internal, "why", retryDelayMilliseconds: 7, reason: .poisonJob, reasonMetadata: ["k": long]),
            RPCStatus(.internal, "why", retryDelayMilliseconds: 7, reason: .init(rawValue: long)),
        ] {
            let result = WorkerMessage.result(JobResult(dispatch: Samples.dispatch, status: status))
            guard case .result(let read) = try WorkerMessage(frames: result.frames(.protobuf)) else { return }
            #expect(read.status == status)
            let reply = BrokerReply.response(CallResponse(id: "1", status: read.status)).frames(encoding)
            guard case .response(let response) = try BrokerReply(frames: reply) else { return }
            #expect(response.status.message == "why" && response.status.retryDelayMilliseconds == 7)
            #expect(encoding == .json || response.status == status)
        }
    }
}
