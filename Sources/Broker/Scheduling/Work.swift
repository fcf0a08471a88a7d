// SPDX-License-Identifier: MIT

/// Somebody who waits for an answer.
struct Call: Sendable {
    /// The call that the work began with: this one, unless it joined an earlier one under its key.
    let work: CallID
    let client: ClientID
    let arrival: Duration
    let deadline: Duration
}

/// What is to be done for one or more calls.
struct Work: Sendable {
    let terms: CallTerms
    let arrival: Duration
    /// What it is expected to take of a worker's time, by what was known when it came.
    let price: Duration
    /// Those who wait for it, the first one first.
    var calls: [CallID]
    /// The worker that has it, and since when; none while it waits.
    var holder: Holder?
    /// How often it was handed over.
    var attempts = 0
    /// How often a worker was lost that it was at.
    var losses = 0
    /// How often a worker was lost that had begun with it.
    var failures = 0
    /// Why its last attempt came to nothing.
    var setback: Setback?

    struct Holder: Sendable {
        let worker: WorkerID
        let since: Duration
    }

    /// Whether it may be what a worker was lost over: it is tried again alone, so that the others that were there are
    /// not lost with it again.
    var isSuspect: Bool { failures > 0 }

    var blame: Blame { Blame(attempts: attempts, losses: losses, failures: failures) }

    /// Where it waits.
    func place(_ id: CallID) -> WaitingPlace {
        WaitingPlace(
            id: id, account: terms.account, priority: terms.priority, arrival: arrival, price: price,
            isSuspect: isSuspect)
    }
}
