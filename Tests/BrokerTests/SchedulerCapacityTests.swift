// SPDX-License-Identifier: MIT

import Testing

/// What the scheduler makes of the workers when there is more to do than they can, in simulated time.
@Suite("Scheduler, capacity")
struct SchedulerCapacityTests {
    @Test(
        "at ten times the load, the workers still answer at least 97 % of what they could", arguments: [0.0, 0.3, 0.6])
    func goodput(spread: Double) throws {
        for seed: UInt64 in 1...2 {
            let goodput = try CapacityScenarios.goodput(load: 10, spread: spread, seed: seed)
            #expect(goodput > 0.97 && goodput < 1.01)
        }
    }

    @Test("shares are by work: who asks for much, or for long work, does not get more of the workers")
    func shares() throws {
        for share in try CapacityScenarios.shares(seed: 1) { #expect(abs(share - 1.0 / 3) < 0.03) }
    }

    @Test("a flood of batch calls does not hold up interactive ones")
    func batchFlood() throws {
        let classes = try CapacityScenarios.classes(interactive: 0.5, age: .seconds(5), seed: 1)
        #expect(classes.interactive < 0.6, "a call takes 0.2 s, behind one that runs")
        #expect(classes.batch > 5 && classes.batchShare > 0.3, "it has what is left")
    }

    @Test("a flood of interactive calls does not starve a batch client")
    func ageing() throws {
        let aged = try CapacityScenarios.classes(interactive: 3, age: .seconds(5), seed: 1)
        #expect(aged.batchShare > 0.25)
        let never = try CapacityScenarios.classes(interactive: 3, age: .seconds(1_000_000), seed: 1)
        #expect(never.batchShare < 0.01, "without ageing it would")
    }

    @Test("calls on a picture go to the worker that has it")
    func nearness() throws {
        #expect(try CapacityScenarios.nearness(imbalance: 2, seed: 1) > 0.85)
    }
}
