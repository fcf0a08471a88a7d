// SPDX-License-Identifier: MIT

import Broker
import Dispatch
import Synchronization

/// Runs worlds, one for each seed, and tells of the first in which a promise was broken.
enum Simulation {
    struct Failure: CustomStringConvertible {
        let seed: UInt64
        let violation: Violation
        let history: [String]

        var description: String {
            let last = history.suffix(200)
            return "seed \(seed): \(violation)\n" + last.joined(separator: "\n")
                + "\nReplay it with: dev/simulate.sh --seed \(seed)"
        }
    }

    struct Report {
        var seeds = 0
        var calls = 0
        /// How calls ended, by the word for it.
        var endings: [String: Int] = [:]
        var counters = SchedulerCounters()
        var failure: Failure?
    }

    /// - Returns: the world after its end.
    /// - Throws: what went wrong in it.
    static func run(seed: UInt64, recording: Bool = false) -> (world: SimulatedWorld, violation: Violation?) {
        let world = SimulatedWorld(seed: seed, recording: recording)
        do throws(Violation) {
            try world.run()
            return (world, nil)
        } catch {
            return (world, error)
        }
    }

    /// The same again, with every event written down.
    static func replay(seed: UInt64) -> Failure? {
        let (world, violation) = run(seed: seed, recording: true)
        return violation.map { Failure(seed: seed, violation: $0, history: world.history ?? []) }
    }

    /// Many seeds on all cores; ends with the first failure.
    static func run(seeds: ClosedRange<UInt64>, threads: Int) -> Report {
        let next = Atomic<UInt64>(seeds.lowerBound)
        let total = Mutex(Report())
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            var report = Report()
            while true {
                let seed = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard seed <= seeds.upperBound, total.withLock({ $0.failure == nil }) else { break }
                let (world, violation) = run(seed: seed)
                report.seeds += 1
                report.add(world)
                if violation != nil { total.withLock { $0.failure = replay(seed: seed) ?? .unrepeatable(seed) } }
            }
            total.withLock { [report] in $0.add(report) }
        }
        return total.withLock { $0 }
    }
}

extension Simulation.Failure {
    /// A seed that fails once and not again: the scheduler depends on something other than its events.
    static func unrepeatable(_ seed: UInt64) -> Simulation.Failure {
        Simulation.Failure(seed: seed, violation: Violation("it does not fail again"), history: [])
    }
}

extension Simulation.Report {
    mutating func add(_ world: SimulatedWorld) {
        let counters = world.scheduler.counters
        calls += world.checker.callCount
        endings.merge(world.checker.endings, uniquingKeysWith: +)
        add(counters)
    }

    mutating func add(_ other: Simulation.Report) {
        seeds += other.seeds
        calls += other.calls
        endings.merge(other.endings, uniquingKeysWith: +)
        add(other.counters)
    }

    private mutating func add(_ other: SchedulerCounters) {
        counters.joined += other.joined
        counters.answeredAgain += other.answeredAgain
        counters.hopeless += other.hopeless
        counters.dispatched += other.dispatched
        counters.redeliveries.merge(other.redeliveries, uniquingKeysWith: +)
        counters.nearPicture += other.nearPicture
        counters.late += other.late
        counters.losses.merge(other.losses, uniquingKeysWith: +)
    }
}
