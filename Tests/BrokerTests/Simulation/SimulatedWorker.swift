// SPDX-License-Identifier: MIT

import Broker

/// What the number in a call's payload becomes by being worked on: an answer is the call's, or it is not.
enum Payload {
    static func answer(_ payload: Int) -> Int { payload &* 31 &+ 7 }
    static func isPoison(_ payload: Int, _ plan: SimulationPlan) -> Bool { payload &* 7919 % 1000 < plan.poisonous }
}

/// A worker's process: it has its slots, does jobs side by side, and dies, hangs, forgets and comes back.
struct SimulatedWorker {
    struct Job {
        let attempt: Attempt
        let payload: Int
        var startedAt: Duration?
        /// It will never be answered, although the process lives.
        var isForgotten = false
    }

    let credits: Int
    var session: WorkerID?
    /// Grows when the process dies: what it had planned is void.
    var life = 0
    var isAlive = true
    /// Stopped, as by SIGSTOP, until then; what comes meanwhile is read afterwards.
    var hangsUntil: Duration = .zero
    var isDraining = false
    var progress = 0.0
    var jobs: [Job] = []

    /// One fewer than it takes jobs, as real workers have it, so that the next is at hand.
    var slots: Int { max(1, credits - 1) }
    var running: Int { jobs.count { $0.startedAt != nil } }

    mutating func abandon() {
        jobs = []
        session = nil
        isDraining = false
    }
}
