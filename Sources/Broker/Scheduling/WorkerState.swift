// SPDX-License-Identifier: MIT

/// A worker in session.
struct WorkerState: Sendable {
    /// A job at a worker.
    struct Held: Sendable {
        /// Whether it must have the worker to itself.
        var isAlone = false
        /// When the worker said that it began; `nil` before it does.
        var startedAt: Duration?
        /// When its calls ended without it; from then on the worker owes only its answer.
        var endedAt: Duration?
    }

    /// Jobs that it holds at most; a worker of several brokers changes it.
    var credits: Int
    private(set) var lastHeard: Duration
    private(set) var progress = 0.0
    private var progressedAt: Duration
    private(set) var isBusy = false
    /// By its own word: it leaves when it has finished.
    var isDraining = false
    /// By an operator's: it stays, and gets nothing.
    var isSetAside = false
    /// What it was given and has not answered. Each takes a credit, also when its calls have ended meanwhile.
    var held = OrderedTable<Attempt, Held>()
    var done = 0
    var pictures: RecentPictures

    init(credits: Int, pictures: Int, at now: Duration) {
        self.credits = credits
        lastHeard = now
        progressedAt = now
        self.pictures = RecentPictures(limit: pictures)
    }

    var takesWork: Bool { !isDraining && !isSetAside }

    /// None while it has a job that must be alone.
    var freeCredits: Int { !takesWork || isIsolated ? 0 : max(0, credits - held.count) }
    private var isIsolated: Bool { held.contains { $0.value.isAlone } }

    /// Whether a smaller share of its room is taken than of the other's; of equals, whether it has more room.
    ///
    /// Compares shares by their products: there are no fractions to round.
    func isLessLoaded(than other: WorkerState) -> Bool {
        let (mine, theirs) = (held.count * other.credits, other.held.count * credits)
        return mine < theirs || (mine == theirs && credits > other.credits)
    }

    mutating func heard(at now: Duration) { lastHeard = now }

    /// A beat: the process lives; whether the engine does is in `progress`.
    mutating func beat(progress: Double, isBusy: Bool, at now: Duration) {
        lastHeard = now
        // What is no number differs from itself, and would look like work for ever.
        let progress = progress.isFinite ? progress : self.progress
        if progress != self.progress || !isBusy || !self.isBusy {
            self.progress = progress
            progressedAt = now
        }
        self.isBusy = isBusy
    }

    /// Nobody listened for so long: its limits begin anew where they were.
    mutating func excuse(_ gap: Duration, notPast now: Duration) {
        lastHeard = min(now, lastHeard + gap)
        progressedAt = min(now, progressedAt + gap)
        for attempt in held.keys {
            held[attempt]!.endedAt = held[attempt]!.endedAt.map { min(now, $0 + gap) }
        }
    }

    // MARK: - Its limits

    func loss(at now: Duration, _ terms: SchedulerConfiguration) -> WorkerLoss? {
        if lastHeard + terms.silenceLimit <= now { return .silent }
        return nextLimit(terms) <= now ? .stuck : nil
    }

    /// When it is lost if nothing comes from it.
    func nextLimit(_ terms: SchedulerConfiguration) -> Duration {
        // Without making a list: it is asked after every message, about every worker.
        var limit = lastHeard + terms.silenceLimit
        if let stall = stall(terms) { limit = min(limit, stall) }
        if let overdue = overdue(terms) { limit = min(limit, overdue) }
        return limit
    }

    /// When it counts as stuck if it makes no progress; `nil` while it never does.
    private func stall(_ terms: SchedulerConfiguration) -> Duration? {
        isBusy && terms.stallLimit > .zero ? progressedAt + terms.stallLimit : nil
    }

    /// Whether half of that time is over.
    func isStalling(at now: Duration, _ terms: SchedulerConfiguration) -> Bool {
        stall(terms).map { $0 - terms.stallLimit / 2 <= now } ?? false
    }

    /// When an answer that nobody waits for is owed too long; `nil` when none is.
    private func overdue(_ terms: SchedulerConfiguration) -> Duration? {
        held.lazy.compactMap(\.value.endedAt).min().map { $0 + terms.answerLimit }
    }
}
