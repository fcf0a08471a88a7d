// SPDX-License-Identifier: MIT

import Broker
import Foundation
import Testing

/// Random histories under a seed: whatever happens in whatever order, every promise is kept. `BOXWOOD_SIMULATION_SEEDS` says how
/// many there are, `BOXWOOD_SIMULATION_FROM` which is the first.
@Suite("Scheduler, simulated")
struct SchedulerSimulationTests {
    private static func setting(_ name: String, default value: UInt64) -> UInt64 {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) ?? value
    }

    @Test(
        "clients, workers and the network between them go wrong in every way; every call ends once, in time, with its own answer"
    )
    func histories() {
        let count = max(1, Self.setting("BOXWOOD_SIMULATION_SEEDS", default: 10_000))
        let first = Self.setting("BOXWOOD_SIMULATION_FROM", default: 1)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let report = Simulation.run(seeds: first...(first + count - 1), threads: cores)
        if let failure = report.failure { Issue.record("\(failure)") }
        #expect(report.seeds == count)
        // The worlds are worth living in: everything that can happen does.
        let counters = report.counters
        for (what, number) in [
            ("finished", report.endings["finished"]), ("poisoned", report.endings["poisoned"]),
            ("refused", report.endings["refused"]), ("deadline", report.endings["deadline"]),
            ("cancelled", report.endings["cancelled"]), ("joined", counters.joined),
            ("answered again", counters.answeredAgain), ("hopeless", counters.hopeless),
            ("redelivered", counters.redelivered), ("late", counters.late), ("near", counters.nearPicture),
        ] {
            #expect(number ?? 0 > 0, "no seed has a call that is \(what)")
        }
    }

    @Test("a seed has one history", arguments: [1, 2, 3, 17, 4711] as [UInt64])
    func replay(seed: UInt64) throws {
        let (first, second) = (Simulation.run(seed: seed, recording: true), Simulation.run(seed: seed, recording: true))
        let history = try #require(first.world.history)
        #expect(history.count > 20 && history == second.world.history)
        #expect(Simulation.run(seed: seed).world.scheduler.counters == first.world.scheduler.counters)
    }

    @Test("a violation is told with its seed and history")
    func failure() {
        let failure = Simulation.Failure(
            seed: 5, violation: Violation("call 7 ended twice"), history: ["0.001 request", "0.002 end"])
        #expect(
            failure.description
                == "seed 5: call 7 ended twice\n0.001 request\n0.002 end\nReplay it with: dev/simulate.sh --seed 5")
    }
}
