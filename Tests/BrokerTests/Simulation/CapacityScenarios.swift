// SPDX-License-Identifier: MIT

import Broker

/// Worlds in which one thing is measured.
enum CapacityScenarios {
    /// What was done, by what the workers could have done, when clients ask for `load` times as much.
    ///
    /// - Parameter spread: single times are so far from their mean, as a share of it.
    static func goodput(load: Double, spread: Double, seed: UInt64) throws(Violation) -> Double {
        let (clients, workers, slots, mean) = (8, 4, 4, 200.0)
        let capacity = Double(workers * slots) / mean
        let pause = Int(2 * Double(clients) / (capacity * load))
        var plan = SimulationPlan(
            length: .seconds(60), clients: clients, workers: workers, credits: slots + 1, pause: 0...max(1, pause),
            service: Int(mean * (1 - spread))...Int(mean * (1 + spread)), patience: 1000...3000)
        plan.terms.queueCalls = 400
        let world = SimulatedWorld(seed: seed, plan: plan)
        try world.run()
        return Double(world.done.values.reduce(0, +)) / (capacity * 60_000)
    }

    /// The workers' time that each of three clients has, who all ask for more than there is: of one calls take 50 ms, of another
    /// 200 ms, of the third, which asks five times as often, 800 ms.
    static func shares(seed: UInt64) throws(Violation) -> [Double] {
        var plan = SimulationPlan(
            length: .seconds(120), clients: 3, workers: 2, credits: 3, pause: 0...20, service: 50...50,
            patience: 3000...6000)
        plan.serviceByClient = [40...60, 160...240, 640...960]
        plan.batchClients = []
        let world = SimulatedWorld(seed: seed, plan: plan)
        try world.run()
        let times = zip(0..., [50.0, 200, 800]).map { Double(world.done[$0] ?? 0) * $1 }
        let total = times.reduce(0, +)
        return times.map { $0 / total }
    }

    struct Classes {
        /// What a batch client has of the workers beside two interactive ones.
        var batchShare: Double
        /// The median time from arrival to answer, in seconds.
        var interactive: Double
        var batch: Double
    }

    /// Two interactive clients, who together ask for `interactive` times as much as there is, and a batch client who alone
    /// asks for twice as much.
    static func classes(interactive: Double, age: Duration, seed: UInt64) throws(Violation) -> Classes {
        // Four slots, a fifth of a second each: 20 calls a second.
        let (often, seldom) = (0...50, 0...Int(200 / interactive))
        var plan = SimulationPlan(
            length: .seconds(120), clients: 3, workers: 2, credits: 3, pause: seldom, service: 150...250,
            patience: 20_000...30_000)
        plan.pauseByClient = [seldom, seldom, often]
        plan.batchClients = [2]
        plan.terms.batchAge = age
        let world = SimulatedWorld(seed: seed, plan: plan)
        try world.run()
        let total = world.done.values.reduce(0, +)
        return Classes(
            batchShare: Double(world.done[2] ?? 0) / Double(total), interactive: median(world.waits[0]),
            batch: median(world.waits[2]))
    }

    private static func median(_ waits: [Duration]?) -> Double {
        guard let waits, !waits.isEmpty else { return .infinity }
        return waits.sorted()[waits.count / 2] / .seconds(1)
    }

    /// How much of the work with a picture went to a worker that had it.
    static func nearness(imbalance: Int, seed: UInt64) throws(Violation) -> Double {
        var plan = SimulationPlan(
            length: .seconds(120), clients: 4, workers: 4, credits: 5, pause: 0...240, service: 100...300,
            patience: 10_000...20_000)
        plan.pictures = 24
        plan.terms.picturesPerWorker = 8
        plan.terms.pictureImbalance = imbalance
        let world = SimulatedWorld(seed: seed, plan: plan)
        try world.run()
        let counters = world.scheduler.counters
        return Double(counters.nearPicture) / (Double(counters.dispatched) / 2)
    }
}
