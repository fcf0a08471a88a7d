// SPDX-License-Identifier: MIT

// Who is let in. What can not be done in time is refused at once, and so is what there is no room for, with the time after
// which it makes sense to come again.
extension Scheduler {
    enum Admission {
        /// Once these have given way, which are told to come again after that time.
        case admitted(displaced: [CallID], Duration)
        case refused(CallEnding)
    }

    func admission(of terms: CallTerms, at now: Duration) -> Admission {
        if isDraining { return .refused(.draining) }
        let limit = largest
        if terms.bytes > limit.bytes { return .refused(.tooLarge(.bytes, limit: limit.bytes)) }
        if terms.pixels > limit.pixels { return .refused(.tooLarge(.pixels, limit: limit.pixels)) }
        if let delay = shortage(of: terms, at: now) { return .refused(.noTime(retryAfter: delay)) }
        guard let displaced = Displacement(self).room(for: terms) else {
            return .refused(.queueFull(retryAfter: drainTime(with: price(terms))))
        }
        return .admitted(displaced: displaced, displaced.isEmpty ? .zero : drainTime(with: price(terms)))
    }

    /// The largest call that can ever be taken.
    private var largest: Load {
        Load(
            bytes: min(configuration.queueBytes, configuration.clientBytes),
            pixels: min(configuration.queuePixels, configuration.clientPixels))
    }

    // MARK: - Time

    /// How much time is lacking, by what was measured, for a call that would have to wait; `nil` where it has enough, or where too
    /// little is known. What a worker is free for is always tried: that is how the measure mends itself. While there is no
    /// worker nobody knows how many will come.
    private func shortage(of terms: CallTerms, at now: Duration) -> Duration? {
        guard hasWorker, !hasFreeCredit, let most = turnovers.most(kind: terms.kind) else { return nil }
        // Nobody waits for more than all that waits: where there is time for that, nothing need be added up.
        let isPassed = terms.priority == .batch && line.hasInteractive
        if !isPassed, now + time(for: line.work + price(terms)) + most <= terms.deadline { return nil }
        let lacking = now + wait(of: terms) + most - terms.deadline
        return lacking > .zero ? bounded(lacking) : nil
    }

    private var hasWorker: Bool { workers.contains { $0.value.takesWork } }
    private var hasFreeCredit: Bool { workers.contains { $0.value.freeCredits > 0 } }

    /// How long a newcomer waits for its turn: each account has as much of the workers before it as its own account, or as
    /// much as it waits for. While interactive calls wait, a batch call waits until it has aged.
    private func wait(of terms: CallTerms) -> Duration {
        let mine = line.work(before: terms.priority, in: terms.account)
        let ahead = line.accounts.reduce(mine) { sum, account in
            guard account != terms.account else { return sum }
            return sum + min(line.work(before: terms.priority, in: account), mine + price(terms))
        }
        let isPassed = terms.priority == .batch && line.hasInteractive
        return max(time(for: ahead + price(terms)), isPassed ? configuration.batchAge : .zero)
    }

    func price(_ terms: CallTerms) -> Duration { services.expected(kind: terms.kind) }

    /// How long the workers need for so much work.
    ///
    /// Each of their places is taken for a turnover and worked at for a service: that is the drain rate, as measured.
    func time(for work: Duration) -> Duration {
        let places = max(1, workers.reduce(0) { $0 + ($1.value.takesWork ? $1.value.credits : 0) })
        let rate = Double(places) * min(1, services.overall / turnovers.overall)
        return .seconds(work.inSeconds / rate)
    }

    /// When all that waits, and so much more, will have been worked at.
    func drainTime(with work: Duration) -> Duration { bounded(time(for: line.work + work)) }

    /// What a caller can be told, in whole milliseconds.
    private func bounded(_ delay: Duration) -> Duration {
        .milliseconds(Int((min(60, max(0.05, delay.inSeconds)) * 1000).rounded(.up)))
    }

    /// Whether handing it over is likely to be a waste: most of its kind take longer than the time that it has left.
    func isHopeless(_ id: CallID, at now: Duration) -> Bool {
        guard let work = works[id], let typical = turnovers.typical(kind: work.terms.kind) else { return false }
        let deadline = work.calls.compactMap { calls[$0]?.deadline }.max() ?? now
        return now + typical > deadline
    }
}
