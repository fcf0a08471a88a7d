// SPDX-License-Identifier: MIT

import Grounding
package import Kosmos2

/// Beam search as transformers 5.23 does it (`_beam_search` with length penalty 1 and early stopping off): the score
/// of a hypothesis is the mean log-probability of its new tokens, `</s>` included.
package final class BeamContinuation<Cache: SequenceCache>: Continuation {
    private struct Beam {
        var ids: [Int]
        /// The sum of the log-probabilities.
        var sum: Float
        var cache: Cache
    }

    private struct Candidate {
        var parent: Int
        var token: Int
        var sum: Float
    }

    private let prompt: [Int]
    private let plan: GenerationPlan
    private let width: Int
    private var running: [Beam]
    private var spare: [Cache]
    /// At most `width`, best first.
    package private(set) var finished: [BeamHypothesis] = []
    package private(set) var isDone = false
    /// Scores of beams are compared, so every step's normaliser counts.
    package var part: HeadPart { .all }

    /// - Parameters:
    ///   - prompt: all ids, which the rule against repeated runs looks at.
    ///   - cache: holds the prompt.
    ///   - spare: one for each beam but the first, of the same capacity.
    package init(prompt: [Int], cache: Cache, spare: [Cache], plan: GenerationPlan) {
        (self.prompt, self.plan, self.spare) = (prompt, plan, spare)
        width = spare.count + 1
        running = [Beam(ids: [], sum: 0, cache: cache)]
    }

    package var wanted: [(token: Int, cache: Cache)] {
        isDone ? [] : running.compactMap { beam in beam.ids.last.map { ($0, beam.cache) } }
    }

    /// A beam search keeps no probabilities.
    package var generation: Generation {
        let best = finished.first?.ids ?? []
        return Generation(ids: best, steps: [], finish: best.last == plan.endOfText ? .stop : .length)
    }

    package func take(_ logits: LogitRows) throws(TaskError) {
        let length = running[0].ids.count + 1
        // Each beam has one way to end, so twice the width leaves enough beams to go on with.
        let best = candidates(logits, count: 2 * width)
        guard !best.isEmpty else { throw .notFinite }
        let isLast = length == plan.maxNewTokens
        func ends(_ candidate: Candidate) -> Bool { isLast || candidate.token == plan.endOfText }
        for candidate in best.prefix(width) where ends(candidate) { finish(candidate, length: length) }
        let next = Array(best.filter { !ends($0) }.prefix(width))
        isDone = next.first.map { isHopeless($0, length: length) } ?? true
        if !isDone { running = heirs(next) }
    }

    private func finish(_ candidate: Candidate, length: Int) {
        let hypothesis = BeamHypothesis(
            ids: running[candidate.parent].ids + [candidate.token], score: candidate.sum / Float(length))
        // Of equal scores the earlier one stays ahead.
        let place = finished.firstIndex { $0.score < hypothesis.score } ?? finished.count
        finished.insert(hypothesis, at: place)
        if finished.count > width { finished.removeLast() }
    }

    /// Whether nothing that goes on can be better than what is finished.
    private func isHopeless(_ leader: Candidate, length: Int) -> Bool {
        finished.count == width && leader.sum / Float(length) <= finished[width - 1].score
    }

    /// The best continuations of all beams; of equals the lower beam, then the lower id.
    private func candidates(_ logits: LogitRows, count: Int) -> [Candidate] {
        var best: [Candidate] = []
        for (parent, beam) in running.enumerated() {
            let blocked = NgramBlock.blocked(after: prompt + beam.ids, size: plan.noRepeatNgram)
            let row = logits[parent]
            let next = logits.next(parent)
            let normaliser = Float(next.logSum(next.all))
            for id in next.candidates(plan.allowed(after: beam.ids), blocked: blocked) {
                let sum = (row[id] - normaliser) + beam.sum
                guard sum.isFinite, best.count < count || sum > best[count - 1].sum else { continue }
                let place = best.firstIndex { sum > $0.sum } ?? best.count
                best.insert(Candidate(parent: parent, token: id, sum: sum), at: place)
                if best.count > count { best.removeLast() }
            }
        }
        return best
    }

    /// Gives each chosen candidate a cache: its parent's where nobody else took it, else a copy.
    private func heirs(_ chosen: [Candidate]) -> [Beam] {
        var heirs = [Int](repeating: 0, count: running.count)
        for candidate in chosen { heirs[candidate.parent] += 1 }
        for (index, beam) in running.enumerated() where heirs[index] == 0 { spare.append(beam.cache) }
        return chosen.map { candidate in
            let parent = running[candidate.parent]
            heirs[candidate.parent] -= 1
            // The last heir keeps the parent's cache: all the others have copied it by then.
            let cache = heirs[candidate.parent] > 0 ? spare.removeLast() : parent.cache
            if cache !== parent.cache { cache.copy(from: parent.cache) }
            return Beam(ids: parent.ids + [candidate.token], sum: candidate.sum, cache: cache)
        }
    }
}

/// One way to go on that a beam search found.
package struct BeamHypothesis: Sendable, Equatable {
    package var ids: [Int]
    package var score: Float
}
