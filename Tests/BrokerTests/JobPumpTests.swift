// SPDX-License-Identifier: MIT

import Broker
import Testing

struct JobPumpTests {
    private let free = JobPump.Room(waiting: 0, freeCredits: 4, hasWorkers: true)

    @Test func itAsksOnceForWhatThereIsRoomFor() {
        var pump = JobPump()
        #expect(pump.wanted(free, at: .zero)?.count == 4)
        #expect(pump.wanted(free, at: .zero) == nil)
        pump.answered(next: .zero)
        #expect(pump.wanted(free, at: .zero)?.count == 4)
    }

    @Test func withoutWorkersOrWorkItDoesNotAsk() {
        var pump = JobPump()
        #expect(pump.wanted(JobPump.Room(waiting: 0, freeCredits: 0, hasWorkers: false), at: .zero) == nil)
        _ = pump.wanted(free, at: .zero)
        pump.answered(next: nil)
        #expect(pump.wanted(free, at: .seconds(100)) == nil)
        pump.workCame()
        #expect(pump.wanted(free, at: .zero) != nil)
    }

    @Test func workThatIsDueLaterIsAskedForThen() {
        var pump = JobPump()
        _ = pump.wanted(free, at: .zero)
        pump.answered(next: .seconds(5))
        #expect(pump.wanted(free, at: .seconds(4)) == nil)
        #expect(pump.wanted(free, at: .seconds(5)) != nil)
    }

    @Test func callsThatWaitComeFirstButOneJobRuns() {
        let busy = JobPump.Room(waiting: 3, freeCredits: 0, hasWorkers: true)
        var pump = JobPump()
        #expect(pump.wanted(busy, at: .zero)?.count == 1)
        pump.answered(next: .zero)
        pump.began(7, as: CallID(1), bytes: 10)
        #expect(pump.wanted(busy, at: .zero) == nil)
        #expect(pump.call(of: 7) == CallID(1))
        pump.ended(CallID(1))
        #expect(pump.call(of: 7) == nil && pump.count == 0)
        #expect(pump.wanted(busy, at: .zero)?.count == 1)
    }

    @Test func openJobsAreBoundedInNumberAndBytes() {
        let huge = JobPump.Room(waiting: 0, freeCredits: 10_000, hasWorkers: true)
        var pump = JobPump()
        #expect(pump.wanted(huge, at: .zero)?.count == JobPump.mostJobs)
        pump.answered(next: .zero)
        for job in 1...UInt64(JobPump.mostJobs - 1) { pump.began(Int64(job), as: CallID(job), bytes: 1) }
        #expect(pump.wanted(huge, at: .zero)?.count == 1)
        pump.answered(next: .zero)
        pump.began(0, as: CallID(0), bytes: 1)
        #expect(pump.wanted(huge, at: .zero) == nil)
        var large = JobPump()
        large.began(1, as: CallID(1), bytes: JobPump.mostBytes - 1)
        #expect(large.wanted(huge, at: .zero)?.bytes == 1)
        large.answered(next: .zero)
        large.began(2, as: CallID(2), bytes: 1)
        #expect(large.wanted(huge, at: .zero) == nil)
    }
}
