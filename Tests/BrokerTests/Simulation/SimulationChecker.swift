// SPDX-License-Identifier: MIT

import Broker

/// A promise that was broken, in words.
struct Violation: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Its own account of what happened, kept apart from the scheduler's, and what must hold of it.
struct SimulationChecker {
    struct CallRecord {
        let work: CallID
        let terms: CallTerms
        let payload: Int
        var isCancelled = false
    }

    struct WorkRecord {
        let terms: CallTerms
        let arrival: Duration
        let payload: Int
        var calls: Set<CallID> = []
        var holder: WorkerID?
        var blame = Blame(attempts: 0, losses: 0, failures: 0)
        var isQuarantined = false

        var isSuspect: Bool { blame.failures > 0 }
    }

    struct WorkerRecord {
        let credits: Int
        struct Job {
            var hasStarted = false
            /// When nobody waited for it any more.
            var endedAt: Duration?
        }

        /// Handed over and not answered.
        var held: [Attempt: Job] = [:]
        var isDraining = false
        var isSetAside = false
        var lastHeard: Duration

        var takesWork: Bool { !isDraining && !isSetAside }
    }

    let terms: SchedulerConfiguration
    private(set) var open: [CallID: CallRecord] = [:]
    private(set) var works: [CallID: WorkRecord] = [:]
    private(set) var workers: [WorkerID: WorkerRecord] = [:]
    private(set) var load: (bytes: Int, pixels: Int) = (0, 0)
    private(set) var kept: Set<CallID> = []
    private var goneClients: Set<ClientID> = []
    private var withoutWorkerSince: Duration? = .zero
    /// How calls ended, by the word for it.
    private(set) var endings: [String: Int] = [:]
    private(set) var callCount = 0

    init(_ terms: SchedulerConfiguration) {
        self.terms = terms
    }

    private func require(_ holds: Bool, _ words: @autoclosure () -> String) throws(Violation) {
        if !holds { throw Violation(words()) }
    }

    private mutating func count(_ word: String) { endings[word, default: 0] += 1 }

    var waiting: [(id: CallID, work: WorkRecord)] {
        works.filter { $0.value.holder == nil }.map { ($0.key, $0.value) }
    }

    // MARK: - Calls

    mutating func asked(_ id: CallID, _ terms: CallTerms, _ payload: Int, joins work: CallID?, at now: Duration) {
        callCount += 1
        let work = work ?? id
        open[id] = CallRecord(work: work, terms: terms, payload: payload)
        if works[work] == nil {
            works[work] = WorkRecord(terms: terms, arrival: now, payload: payload)
            load = (load.bytes + terms.bytes, load.pixels + terms.pixels)
        }
        works[work]!.calls.insert(id)
    }

    /// Whether a newcomer fits without anybody giving way, so that to refuse it for want of room is wrong.
    func hasRoom(for newcomer: CallTerms) -> Bool {
        let theirs = works.values.filter { $0.terms.account == newcomer.account }
        let sum = theirs.reduce((bytes: 0, pixels: 0)) { ($0.bytes + $1.terms.bytes, $0.pixels + $1.terms.pixels) }
        return waiting.count < terms.queueCalls && theirs.count { $0.holder == nil } < terms.clientCalls
            && load.bytes + newcomer.bytes <= terms.queueBytes && load.pixels + newcomer.pixels <= terms.queuePixels
            && sum.bytes + newcomer.bytes <= terms.clientBytes && sum.pixels + newcomer.pixels <= terms.clientPixels
    }

    var hasFreeWorker: Bool { !freeWorkers.isEmpty }

    private var freeWorkers: [WorkerRecord] {
        workers.values.filter { $0.takesWork && $0.held.count < $0.credits && !isIsolated($0) }
    }

    mutating func cancelled(_ id: CallID) { open[id]?.isCancelled = true }
    mutating func gone(_ client: ClientID) { goneClients.insert(client) }

    mutating func ended(_ id: CallID, _ ending: CallEnding, attempts: Int, at now: Duration) throws(Violation) {
        guard let call = open[id], let work = works[call.work] else { throw Violation("call \(id) ended twice") }
        try require(attempts == work.blame.attempts, "call \(id) says \(attempts) attempts of \(work.blame.attempts)")
        switch ending {
        case .deadlineExceeded:
            try require(now >= call.terms.deadline, "call \(id) ended before its deadline")
            count("deadline")
        case .cancelled:
            try require(call.isCancelled, "call \(id) was not cancelled")
            count("cancelled")
        case .abandoned:
            try require(goneClients.contains(call.terms.client), "the client of call \(id) is there")
            count("cancelled")
        case .poison(let blame):
            try require(work.isQuarantined, "call \(id) is poison and not in quarantine")
            try require(blame == work.blame, "call \(id) is blamed for \(blame), not \(work.blame)")
            count("poisoned")
        case .noWorker:
            let since = max(withoutWorkerSince ?? now, work.arrival)
            try require(since + terms.noWorkerPatience <= now, "call \(id) found no worker too early")
            count("refused")
        case .queueFull, .noTime:
            try require(work.holder == nil, "call \(id) was refused while a worker had it")
            count("refused")
        case .tooLarge, .draining, .keyReused:
            count("refused")
        }
        finish(id, call, at: now)
    }

    /// A call of its own key was answered by what was kept.
    mutating func answeredAgain(
        _ id: CallID, with earlier: CallID, _ payload: Int?, at now: Duration
    ) throws(Violation) {
        guard let call = open[id] else { throw Violation("call \(id) ended twice") }
        try require(kept.contains(earlier), "call \(id) gets an answer that is not kept")
        try require(payload == Payload.answer(call.payload), "call \(id) gets somebody else's kept answer")
        count("finished")
        finish(id, call, at: now)
    }

    mutating func answered(
        _ ids: [CallID], _ attempt: Attempt, by worker: WorkerID, _ payload: Int, at now: Duration, isLate: Bool
    ) throws(Violation) {
        guard let work = works[attempt.call] else { throw Violation("\(attempt) answers nothing") }
        try require(work.holder == worker, "\(attempt) was taken from \(worker), which has it no more")
        try require(work.blame.attempts == attempt.number, "\(attempt) is not the latest of \(work.blame.attempts)")
        try require(Set(ids) == work.calls && ids.count == work.calls.count, "\(attempt) answers \(ids)")
        for id in ids {
            guard let call = open[id] else { throw Violation("call \(id) ended twice") }
            try require(payload == Payload.answer(call.payload), "call \(id) gets somebody else's answer")
            try require(isLate || now <= call.terms.deadline, "call \(id) was answered after its deadline")
            count("finished")
            finish(id, call, at: now)
        }
    }

    private mutating func finish(_ id: CallID, _ call: CallRecord, at now: Duration) {
        open[id] = nil
        works[call.work]?.calls.remove(id)
        guard let work = works[call.work], work.calls.isEmpty else { return }
        if let holder = work.holder {
            workers[holder]?.held[Attempt(call: call.work, number: work.blame.attempts)]?.endedAt = now
        }
        load = (load.bytes - works[call.work]!.terms.bytes, load.pixels - works[call.work]!.terms.pixels)
        works[call.work] = nil
    }

    mutating func keeps(_ id: CallID) { kept.insert(id) }

    mutating func forgets(_ id: CallID) throws(Violation) {
        try require(kept.remove(id) != nil, "the answer of \(id) is forgotten twice")
    }

    mutating func quarantined(_ id: CallID, _ blame: Blame) throws(Violation) {
        guard let work = works[id] else { throw Violation("\(id) is put into quarantine and was not open") }
        try require(blame == work.blame, "\(id) is blamed for \(blame), not \(work.blame)")
        try require(
            blame.failures >= terms.maxFailures || blame.losses >= terms.maxLosses, "\(id) is no poison: \(blame)")
        works[id]!.isQuarantined = true
    }

    // MARK: - Workers

    mutating func joined(_ id: WorkerID, credits: Int, isSetAside: Bool, at now: Duration) {
        workers[id] = WorkerRecord(credits: credits, isSetAside: isSetAside, lastHeard: now)
        noteAbsence(at: now)
    }

    /// - Returns: whether it was otherwise before.
    mutating func setsAside(_ id: WorkerID, _ isSetAside: Bool, at now: Duration) -> Bool {
        guard let worker = workers[id], worker.isSetAside != isSetAside else { return false }
        workers[id]!.isSetAside = isSetAside
        noteAbsence(at: now)
        return true
    }

    /// Calls wait for a worker only so long, from when the last one went or was set aside.
    private mutating func noteAbsence(at now: Duration) {
        let isAbsent = workers.values.allSatisfy(\.isSetAside)
        withoutWorkerSince = isAbsent ? withoutWorkerSince ?? now : nil
    }

    mutating func heard(_ id: WorkerID, at now: Duration) { workers[id]?.lastHeard = now }
    mutating func drains(_ id: WorkerID) { workers[id]?.isDraining = true }
    mutating func started(_ attempt: Attempt, by id: WorkerID) {
        workers[id]?.held[attempt]?.hasStarted = true
    }

    mutating func released(_ attempt: Attempt, by id: WorkerID) {
        if workers[id]?.held.removeValue(forKey: attempt) != nil { free(attempt, from: id) }
    }

    private mutating func free(_ attempt: Attempt, from id: WorkerID) {
        guard let work = works[attempt.call], work.holder == id, work.blame.attempts == attempt.number else { return }
        works[attempt.call]!.holder = nil
    }

    mutating func lost(_ id: WorkerID, at now: Duration) {
        guard let worker = workers.removeValue(forKey: id) else { return }
        for (attempt, job) in worker.held {
            guard works[attempt.call]?.holder == id else { continue }
            works[attempt.call]!.blame.losses += 1
            if job.hasStarted { works[attempt.call]!.blame.failures += 1 }
            works[attempt.call]!.holder = nil
        }
        noteAbsence(at: now)
    }

    mutating func stoodStill(_ gap: Duration, at now: Duration) {
        for (id, worker) in workers {
            workers[id]!.lastHeard = min(now, worker.lastHeard + gap)
            for (attempt, job) in worker.held {
                workers[id]!.held[attempt]!.endedAt = job.endedAt.map { min(now, $0 + gap) }
            }
        }
    }

    mutating func expelled(_ id: WorkerID, _ loss: WorkerLoss, at now: Duration) throws(Violation) {
        guard let worker = workers[id] else { throw Violation("\(id) is expelled and was not here") }
        let isSilent = worker.lastHeard + terms.silenceLimit <= now
        try require(isSilent == (loss == .silent), "\(id) is expelled as \(loss) after \(now - worker.lastHeard)")
        lost(id, at: now)
    }

    mutating func dispatched(_ attempt: Attempt, to id: WorkerID, at now: Duration) throws(Violation) {
        guard let worker = workers[id] else { throw Violation("\(attempt) for \(id), which is not here") }
        guard let work = works[attempt.call] else { throw Violation("\(attempt) of a call that has ended") }
        try require(work.holder == nil, "\(attempt) for \(id) while another has it")
        try require(attempt.number == work.blame.attempts + 1, "\(attempt) after \(work.blame.attempts)")
        try require(worker.takesWork, "\(attempt) for \(id), which drains or is set aside")
        try require(worker.held.count < worker.credits, "\(attempt) for \(id), which has no credit left")
        try require(
            work.blame.failures < terms.maxFailures && work.blame.losses < terms.maxLosses,
            "\(attempt) goes on killing workers")
        try checkCompany(attempt, work, id, worker)
        try checkTurn(attempt.call, work, at: now)
        works[attempt.call]!.holder = id
        works[attempt.call]!.blame.attempts += 1
        workers[id]!.held[attempt] = WorkerRecord.Job()
        if work.isSuspect { suspects.insert(attempt) }
    }

    private func checkCompany(
        _ attempt: Attempt, _ work: WorkRecord, _ id: WorkerID, _ worker: WorkerRecord
    ) throws(Violation) {
        try require(
            !work.isSuspect || worker.held.isEmpty, "\(attempt) may kill its worker and is given company at \(id)")
        try require(!isIsolated(worker), "\(attempt) joins a suspect at \(id)")
    }

    private func isIsolated(_ worker: WorkerRecord) -> Bool {
        worker.held.count == 1 && suspects.contains(worker.held.first!.key)
    }

    /// What was handed over alone. A call that ended keeps its worker to itself until the answer comes.
    private var suspects: Set<Attempt> = []

    /// Within an account the oldest of a class goes first, and of all accounts no batch call before what is urgent.
    private func checkTurn(_ id: CallID, _ work: WorkRecord, at now: Duration) throws(Violation) {
        guard !work.isSuspect else { return }
        for (other, waits) in works where waits.holder == nil && !waits.isSuspect && other != id {
            let isSame = waits.terms.account == work.terms.account && waits.terms.priority == work.terms.priority
            try require(!isSame || id < other, "\(id) overtakes \(other) of the same client")
            let isUrgent = waits.terms.priority == .interactive || hasAged(waits, at: now)
            try require(
                !isUrgent || work.terms.priority == .interactive || hasAged(work, at: now),
                "batch call \(id) goes before \(other), which is urgent")
        }
    }

    private func hasAged(_ work: WorkRecord, at now: Duration) -> Bool { work.arrival + terms.batchAge <= now }

    // MARK: - After every event

    func checkMemory(_ scheduler: borrowing Scheduler, at now: Duration) throws(Violation) {
        let queue = scheduler.queueSnapshot(at: now)
        try require(
            queue.bytes == load.bytes && queue.pixels == load.pixels,
            "the queue counts \(queue.bytes) bytes and \(queue.pixels) pixels, not \(load)")
        try require(queue.bytes <= terms.queueBytes, "\(queue.bytes) bytes are open")
        try require(queue.pixels <= terms.queuePixels, "\(queue.pixels) pixels are open")
        try require(queue.waiting + queue.running == works.count, "the queue counts \(queue), not \(works.count)")
        let kept = scheduler.answersSnapshot
        try require(
            kept.count == self.kept.count && kept.count <= terms.answersKept && kept.bytes <= terms.answerBytesKept,
            "\(kept) answers are kept, \(self.kept.count) by this account")
    }

    /// The budgets are of what came in; what comes back from a lost worker is not turned away.
    func checkAccount(_ account: ClientID, _ scheduler: borrowing Scheduler) throws(Violation) {
        let theirs = scheduler.accountSnapshot(account)
        try require(
            theirs.bytes <= terms.clientBytes && theirs.pixels <= terms.clientPixels,
            "an account has \(theirs) open")
        var sum = (bytes: 0, pixels: 0)
        for work in works.values where work.terms.account == account {
            sum = (sum.bytes + work.terms.bytes, sum.pixels + work.terms.pixels)
        }
        try require(sum.bytes == theirs.bytes && sum.pixels == theirs.pixels, "an account counts \(theirs), not \(sum)")
    }

    /// No worker that could have it is without work while there is some.
    func checkNothingIdles() throws(Violation) {
        var (ordinary, suspect) = (0, 0)
        for work in works.values where work.holder == nil {
            if work.isSuspect { suspect += 1 } else { ordinary += 1 }
        }
        guard ordinary + suspect > 0 else { return }
        let free = freeWorkers
        try require(
            ordinary == 0 || free.count <= min(suspect, 1),
            "\(ordinary) calls wait while \(free.count) workers have room")
        try require(
            suspect == 0 || !free.contains(where: \.held.isEmpty),
            "\(suspect) calls wait to be alone while a worker is")
    }

    func checkTime(at now: Duration) throws(Violation) {
        for (id, call) in open where call.terms.deadline <= now {
            throw Violation("call \(id) is open after its deadline")
        }
        if let since = withoutWorkerSince {
            for (id, work) in waiting where max(since, work.arrival) + terms.noWorkerPatience <= now {
                throw Violation("\(id) still waits although there has been no worker since \(since)")
            }
        }
        for (id, worker) in workers where worker.lastHeard + terms.silenceLimit <= now {
            throw Violation("\(id) is silent for \(now - worker.lastHeard) and still here")
        }
        for (id, worker) in workers {
            let owed = worker.held.values.compactMap(\.endedAt).min()
            try require(owed.map { now < $0 + terms.answerLimit } ?? true, "a credit of \(id) is gone for ever")
        }
    }

    func checkEnd(_ counters: SchedulerCounters, isCalm: Bool) throws(Violation) {
        try require(open.isEmpty && works.isEmpty && load == (0, 0), "\(open.count) calls never ended")
        let counted = [
            "finished": counters.finished, "deadline": counters.deadlines, "cancelled": counters.cancelled,
            "poisoned": counters.poisoned, "refused": counters.refused,
        ]
        for (word, number) in counted {
            try require(endings[word, default: 0] == number, "\(number) are counted as \(word), of \(endings)")
        }
        try require(counted.values.reduce(0, +) == callCount, "\(counted) are not all of \(callCount) calls")
        try require(
            !isCalm || endings.keys.allSatisfy { $0 == "finished" }, "in a calm world calls ended otherwise: \(endings)"
        )
    }
}
