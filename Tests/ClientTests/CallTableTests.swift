// SPDX-License-Identifier: MIT
import Client
import Messaging
import Synchronization
import Testing
import Wire

struct CallTableTests {
    /// What the callers heard, by id.
    private final class Heard: Sendable {
        private let responses = Mutex<[CallResponse]>([])

        func append(_ response: CallResponse) { responses.withLock { $0.append(response) } }
        var codes: [StatusCode] { responses.withLock { $0.map(\.status.code) } }
        var ids: [String] { responses.withLock { $0.map(\.id) } }
    }

    private let start = ContinuousClock.now
    private let heard = Heard()

    private func call(_ id: String, seconds: Int = 10, connect: Int = 2) -> CallTable.Call {
        CallTable.Call(
            request: CallRequest(id: id, method: "/a/b", body: [1], image: [2]), deadline: start + .seconds(seconds),
            connectDeadline: start + .seconds(connect), finish: { [heard] in heard.append($0) })
    }

    private func table(_ calls: CallTable.Call...) -> CallTable {
        var table = CallTable(endpoints: ["tcp://127.0.0.1:1"])
        table.connection(.connected, at: start)
        for call in calls { table.open(call, limit: 8) }
        return table
    }

    @Test func requestsLeaveInOrderWithTheTimeThatIsLeft() {
        var table = table(call("1"), call("2", seconds: 5))
        let first = table.nextToSend(at: start + .seconds(1))
        #expect(first?.id == "1")
        #expect(first?.timeoutMilliseconds == 9000)
        #expect(first?.image == [2])
        table.sent("1")
        let second = table.nextToSend(at: start + .milliseconds(4999.5))
        #expect(second?.timeoutMilliseconds == 0)
        #expect(table.hasUnsent)
        table.sent("2")
        let next = table.nextToSend(at: start)
        #expect(next == nil)
        #expect(!table.hasUnsent)
    }

    @Test func eachCallEndsOnce() {
        var table = table(call("1"))
        table.sent("1")
        table.received(.response(CallResponse(id: "1", status: .ok)), at: start)
        table.received(.response(CallResponse(id: "1", status: .ok)), at: start)
        let expired = table.timePassed(at: start + .seconds(99))
        #expect(expired.isEmpty)
        let isToldToTheBroker = table.cancel("1")
        #expect(isToldToTheBroker == nil)
        table.close(RPCStatus(.cancelled))
        #expect(heard.codes == [.ok])
        #expect(table.strays == 1)
        #expect(table.openCount == 0)
    }

    @Test func timesAreHeldToTheInstant() {
        var table = table(call("1"))
        table.sent("1")
        #expect(table.nextDeadline == start + .seconds(10))
        let early = table.timePassed(at: start + .seconds(10) - .nanoseconds(1))
        #expect(early.isEmpty && heard.codes.isEmpty)
        let expired = table.timePassed(at: start + .seconds(10))
        #expect(expired == [SentCall(id: "1", broker: 0)])
        #expect(heard.codes == [.deadlineExceeded])
    }

    @Test func anUnsentCallWaitsOnlyForTheConnection() {
        var table = table(call("1"))
        #expect(table.nextDeadline == start + .seconds(2))
        let expired = table.timePassed(at: start + .seconds(2))
        #expect(expired.isEmpty)
        #expect(heard.codes == [.unavailable])
        #expect(!table.hasUnsent)
    }

    @Test func nothingIsSentWithoutAConnection() {
        var table = table(call("1"))
        table.connection(.disconnected, at: start)
        let none = table.nextToSend(at: start)
        #expect(none == nil && !table.hasUnsent)
        table.connection(.connected, at: start)
        let first = table.nextToSend(at: start)
        #expect(first?.id == "1")
    }

    @Test func whatWasSentOnALostConnectionIsUnavailable() {
        var table = table(call("1"), call("2"), call("3"))
        table.sent("1")
        table.sent("2")
        table.connection(.disconnected, at: start)
        #expect(table.nextDeadline == start + CallTable.answerGrace)
        // The last words of the broker come after the word that it is gone.
        table.received(.response(CallResponse(id: "1", status: .ok)), at: start + CallTable.answerGrace)
        _ = table.timePassed(at: start + CallTable.answerGrace - .nanoseconds(1))
        #expect(heard.codes == [.ok])
        let toCancel = table.timePassed(at: start + CallTable.answerGrace)
        #expect(toCancel.isEmpty)
        #expect(heard.codes == [.ok, .unavailable])
        // What was not sent yet waits for the next connection.
        table.connection(.connected, at: start + .seconds(1))
        let next = table.nextToSend(at: start + .seconds(1))
        #expect(next?.id == "3")
    }

    @Test func cancelledAfterTheDeadlineIsTheDeadline() {
        var table = table(call("1"), call("2"))
        table.received(.response(CallResponse(id: "1", status: RPCStatus(.cancelled))), at: start + .seconds(9))
        table.received(.response(CallResponse(id: "2", status: RPCStatus(.cancelled))), at: start + .seconds(10))
        #expect(heard.codes == [.cancelled, .deadlineExceeded])
    }

    @Test func onlyASentCallIsCancelledAtTheBroker() {
        var table = table(call("1"), call("2"))
        table.sent("1")
        let told = [table.cancel("1"), table.cancel("2")]
        #expect(told == [SentCall(id: "1", broker: 0), nil])
        #expect(heard.codes == [.cancelled, .cancelled])
        let next = table.nextToSend(at: start)
        #expect(next == nil)
    }

    @Test func aResponseWithoutAnIdIsForTheOnlyCall() {
        var one = table(call("1"))
        one.received(.response(CallResponse(id: "", status: RPCStatus(.internal))), at: start)
        #expect(heard.codes == [.internal])
        var two = table(call("2"), call("3"))
        two.received(.response(CallResponse(id: "", status: RPCStatus(.internal))), at: start)
        #expect(two.openCount == 2)
        #expect(two.strays == 1)
    }

    @Test func theLimitIsTheLastThatPasses() {
        var table = CallTable(endpoints: [""])
        table.open(call("1"), limit: 1)
        table.open(call("2"), limit: 1)
        #expect(heard.codes == [.resourceExhausted])
        #expect(heard.ids == ["2"])
    }
}

struct RetryPolicyTests {
    private let policy = RetryPolicy(attempts: 4, firstPause: .milliseconds(100), longestPause: .milliseconds(300))

    private func pause(
        _ status: RPCStatus = RPCStatus(.unavailable), attempt: Int = 1, remaining: Duration = .seconds(10)
    ) -> Duration? {
        policy.pause(after: status, attempt: attempt, remaining: remaining, jitter: 1)
    }

    @Test func pausesDoubleUpToTheLongest() {
        #expect((1...3).map { pause(attempt: $0) } == [100, 200, 300].map { .milliseconds($0) })
        #expect(pause(attempt: 4) == nil)
    }

    @Test func theBrokersDelayGoesFirst() {
        #expect(pause(RPCStatus(.unavailable, retryDelayMilliseconds: 7000)) == .milliseconds(7000))
    }

    @Test func neverPastTheDeadline() {
        #expect(pause(remaining: .milliseconds(100)) == nil)
        #expect(pause(remaining: .milliseconds(101)) != nil)
        #expect(pause(RPCStatus(.unavailable, retryDelayMilliseconds: .max)) == nil)
    }

    /// What is refused for want of room is tried again when the broker says so, and not without its word.
    @Test func aFullQueueIsTriedAgainWhenTheBrokerSays() {
        #expect(pause(RPCStatus(.resourceExhausted, retryDelayMilliseconds: 70)) == .milliseconds(70))
        #expect(pause(RPCStatus(.resourceExhausted)) == nil)
        let late = RPCStatus(.resourceExhausted, retryDelayMilliseconds: 70, reason: .noTime)
        #expect(pause(late) == nil, "it will not have more time by waiting")
    }

    @Test(arguments: StatusCode.allCases.filter { $0 != .unavailable && $0 != .resourceExhausted })
    func nothingElseIsTriedAgain(_ code: StatusCode) {
        #expect(pause(RPCStatus(code, retryDelayMilliseconds: 1)) == nil)
    }

    /// Ten tokens: five failures and nothing is tried again, until ten successes for each of those have come.
    @Test func manyFailuresStopRetries() {
        var throttle = RetryThrottle(policy)
        for _ in 1...4 { throttle.failed() }
        #expect(throttle.isOpen)
        throttle.failed()
        #expect(!throttle.isOpen)
        throttle.succeeded()
        #expect(throttle.isOpen, "just above a half")
        for _ in 1...20 { throttle.failed() }
        #expect(throttle.tokens == 0)
        for _ in 1...50 { throttle.succeeded() }
        #expect(!throttle.isOpen || throttle.tokens > 5)
        for _ in 1...100 { throttle.succeeded() }
        #expect(throttle.isOpen && throttle.tokens == 10)
    }

    @Test func anAbsentBrokerIsNotWaitedForTwice() {
        #expect(pause(RPCStatus(.unavailable, reason: .noBroker)) == nil)
    }
}
