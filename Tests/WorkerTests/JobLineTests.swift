// SPDX-License-Identifier: MIT
import Inference
import Testing
import Wire
import Worker

struct JobLineTests {
    private let first = Dispatch(call: "1", attempt: 1)
    private let second = Dispatch(call: "2", attempt: 1)

    private func line() -> JobLine {
        let line = JobLine()
        for dispatch in [first, second] {
            line.append(
                Job(dispatch: dispatch, id: "x", method: "/a/b", remainingMilliseconds: 60_000, body: []), at: .now)
        }
        return line
    }

    /// A cancelled job must not wait, picture and all, for an engine that is busy with another.
    @Test func aWaitingJobThatIsCancelledLeavesTheLine() throws {
        let line = line()
        line.cancel(first)
        #expect(!line.withdraw(first), "it is still in the line")
        #expect(try #require(line.next()).job.dispatch == second)
    }

    @Test func aTakenJobThatIsCancelledHearsOfIt() throws {
        let line = line()
        let taken = try #require(line.next())
        #expect(!taken.cancellation.isCancelled)
        line.cancel(first)
        #expect(taken.cancellation.isCancelled)
        #expect(try #require(line.next()).cancellation.isCancelled == false)
    }

    @Test func aJobIsWithdrawnOnce() {
        let line = line()
        #expect(line.withdraw(second))
        #expect(!line.withdraw(second))
    }

    @Test func whoDoesNotWaitHearsAtOnceThatThereIsNothing() throws {
        let line = line()
        #expect(try #require(line.next(waits: false)).job.dispatch == first)
        #expect(line.withdraw(second))
        #expect(line.next(waits: false) == nil)
    }

    /// However often and in whichever way it is asked.
    @Test func aClosedLineHasNothing() throws {
        let line = line()
        let taken = try #require(line.next())
        line.close()
        #expect(taken.cancellation.isCancelled)
        for waits in [false, true, false, true] { #expect(line.next(waits: waits) == nil) }
    }
}
