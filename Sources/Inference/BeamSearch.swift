// SPDX-License-Identifier: MIT

import Foundation
import Tensors

/// Beam search as transformers 5.23 does it (`_beam_search` with length penalty 1 and early stopping off): the score
/// of a hypothesis is the mean log-probability of its new tokens, `</s>` included.
package struct BeamSearch<Model: SequenceModel> {
    package struct Hypothesis: Sendable, Equatable {
        package var ids: [Int]
        package var score: Float
    }

    private struct Beam {
        var ids: [Int]
        /// The sum of the log-probabilities.
        var sum: Float
        var logits: [Float]
        var cache: Model.Cache
    }

    private struct Candidate {
        var parent: Int
        var token: Int
        var sum: Float
    }

    private let model: Model
    private let width: Int
    private let plan: GenerationPlan
    private let checkpoint: () throws(TaskError) -> Void

    package init(
        _ model: Model, width: Int, plan: GenerationPlan,
        checkpoint: @escaping () throws(TaskError) -> Void = {}
    ) {
        precondition(width > 0, "beam search of width \(width)")
        self.model = model
        self.width = width
        self.plan = plan
        self.checkpoint = checkpoint
    }

    /// At most `width` hypotheses, best first.
    /// - Parameter capacity: of each beam's cache, as that of the start's.
    package func run(_ start: Generator<Model>.Start, capacity: Int) throws(TaskError) -> [Hypothesis] {
        var running = [Beam(ids: [], sum: 0, logits: start.logits, cache: start.cache)]
        var spare = (1..<width).map { _ in model.makeCache(capacity: capacity) }
        var finished: [Hypothesis] = []
        for length in 1...plan.maxNewTokens {
            try checkpoint()
            // Each beam has one way to end, so twice the width leaves enough beams to go on with.
            let best = candidates(running, prompt: start.prompt, count: 2 * width)
            guard !best.isEmpty else { throw TaskError(.internal, "the model's logits are not finite numbers") }
            let isLast = length == plan.maxNewTokens
            func ends(_ candidate: Candidate) -> Bool { isLast || candidate.token == plan.endOfText }
            for candidate in best.prefix(width) where ends(candidate) {
                finished.append(
                    Hypothesis(
                        ids: running[candidate.parent].ids + [candidate.token],
                        score: candidate.sum / Float(length)))
            }
            // Stable: of equal scores the earlier one stays ahead.
            finished = Array(
                finished.enumerated().sorted { ($0.element.score, $1.offset) > ($1.element.score, $0.offset) }
                    .map(\.element).prefix(width))
            let next = Array(best.filter { !ends($0) }.prefix(width))
            guard let leader = next.first else { break }
            if finished.count == width, leader.sum / Float(length) <= finished[width - 1].score { break }
            running = advance(running, next, spare: &spare)
        }
        return finished
    }

    /// The best continuations of all beams; of equals the lower beam, then the lower id.
    private func candidates(_ beams: [Beam], prompt: [Int], count: Int) -> [Candidate] {
        var best: [Candidate] = []
        for (parent, beam) in beams.enumerated() {
            let blocked = NgramBlock.blocked(after: prompt + beam.ids, size: plan.noRepeatNgram)
            beam.logits.withUnsafeBufferPointer { logits in
                let next = NextToken(logits)
                let normaliser = Float(next.logSum(logits.indices))
                for id in next.candidates(plan.allowed(after: beam.ids), blocked: blocked) {
                    let sum = (logits[id] - normaliser) + beam.sum
                    guard sum.isFinite, best.count < count || sum > best[count - 1].sum else { continue }
                    let place = best.firstIndex { sum > $0.sum } ?? best.count
                    best.insert(Candidate(parent: parent, token: id, sum: sum), at: place)
                    if best.count > count { best.removeLast() }
                }
            }
        }
        return best
    }

    /// Gives each chosen candidate a cache, its parent's where nobody else took it, and runs the model on all.
    private func advance(_ beams: [Beam], _ chosen: [Candidate], spare: inout [Model.Cache]) -> [Beam] {
        var heirs = [Int](repeating: 0, count: beams.count)
        for candidate in chosen { heirs[candidate.parent] += 1 }
        for (index, beam) in beams.enumerated() where heirs[index] == 0 { spare.append(beam.cache) }
        var caches: [Model.Cache] = []
        for candidate in chosen {
            let parent = beams[candidate.parent].cache
            heirs[candidate.parent] -= 1
            guard heirs[candidate.parent] > 0 else {
                // The last heir keeps the parent's cache: all the others have copied it by then.
                caches.append(parent)
                continue
            }
            let copy = spare.removeLast()
            copy.copy(from: parent)
            caches.append(copy)
        }
        let logits = model.step(tokens: chosen.map(\.token), caches: caches)
        return chosen.enumerated().map { row, candidate in
            Beam(
                ids: beams[candidate.parent].ids + [candidate.token], sum: candidate.sum,
                logits: Array(UnsafeBufferPointer(start: logits.row(row), count: logits.shape[-1])),
                cache: caches[row])
        }
    }
}
