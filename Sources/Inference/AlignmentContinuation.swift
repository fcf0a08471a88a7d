// SPDX-License-Identifier: MIT

import Foundation
import Grounding

/// Finds the likeliest way to mark a caption's phrases, the caption itself being given.
///
/// To take whichever is likelier at each place, the caption's next token or a tag, would open a phrase before every word
/// that the model did not expect. So whole ways to mark it are compared, in step with the caption: of those that have
/// copied equally much of it, the likeliest few go on. What counts is how likely the words and the tags around phrases
/// and boxes are, but not where the boxes lie: a phrase is marked alike wherever it is found.
package final class AlignmentContinuation<Cache: SequenceCache>: Continuation {
    private struct Way {
        var generation = Generation()
        /// The sum of the logarithms of the probabilities that count.
        var score = 0.0
        /// How many of the caption's tokens it has.
        var copied = 0
        var isComplete = false
        var cache: Cache
    }

    private let grammar: AlignmentGrammar
    private let plan: GenerationPlan
    private let width: Int
    private let makeCache: () -> Cache
    private var ways: [Way]
    private var spare: [Cache] = []

    /// - Parameters:
    ///   - cache: holds the prompt.
    ///   - plan: the budget, the locations and the end of text.
    ///   - width: how many ways go on for each length of the caption.
    ///   - makeCache: more caches of the same capacity, up to `AlignmentCaches.most` with the first.
    package init(
        cache: Cache, grammar: AlignmentGrammar, plan: GenerationPlan, width: Int, makeCache: @escaping () -> Cache
    ) {
        precondition(width > 0, "alignment search of width \(width)")
        (self.grammar, self.plan, self.width, self.makeCache) = (grammar, plan, width, makeCache)
        ways = [Way(cache: cache)]
    }

    package var isDone: Bool { ways.allSatisfy { $0.isComplete } }

    /// The ways that have copied the least go on, until all have copied as much.
    package var wanted: [(token: Int, cache: Cache)] {
        behind.compactMap { index in ways[index].generation.ids.last.map { ($0, ways[index].cache) } }
    }

    /// The likeliest way.
    package var generation: Generation {
        var result = ways[0].generation
        result.finish = .stop
        return result
    }

    private var behind: [Int] {
        let least = ways.filter { !$0.isComplete }.map { $0.copied }.min()
        return ways.indices.filter { !ways[$0].isComplete && ways[$0].copied == least }
    }

    package func take(_ logits: LogitRows) throws(TaskError) {
        let behind = behind
        var next = ways.indices.filter { !behind.contains($0) }.map { ways[$0] }
        for (row, index) in behind.enumerated() {
            next += try branches(of: ways[index], NextToken(logits[row]))
        }
        ways = parted(likeliest(next), from: ways)
    }

    /// A way with each token that may come next; inside a box with the likeliest alone. All have the way's own cache.
    private func branches(of way: Way, _ next: NextToken) throws(TaskError) -> [Way] {
        let ids = way.generation.ids
        let allowed = grammar.allowed(after: ids, remaining: plan.maxNewTokens - ids.count)
        let isInBox = grammar.isInBox(after: ids)
        let candidates = next.candidates(allowed, blocked: [])
        var children: [Way] = []
        for token in isInBox ? [next.greedy(candidates)] : candidates {
            let step = plan.step(token, allowed, next)
            guard step.probability.isFinite else { throw .notFinite }
            var child = way
            child.generation.ids.append(token)
            child.generation.steps.append(step)
            child.score += isInBox ? 0 : log(step.probability)
            child.copied = grammar.copied(child.generation.ids)
            child.isComplete = grammar.isComplete(child.generation.ids)
            children.append(child)
        }
        return children
    }

    /// The likeliest `width` of each length, best first; of equals the earlier one.
    private func likeliest(_ ways: [Way]) -> [Way] {
        let order = ways.enumerated().sorted {
            ($0.element.score, $1.offset) > ($1.element.score, $0.offset)
        }.map { $0.element }
        var counts: [Int: Int] = [:]
        return order.filter { way in
            counts[way.copied, default: 0] += 1
            return counts[way.copied]! <= width
        }
    }

    /// Gives each way a cache of its own; those that no way has any more are used again.
    private func parted(_ kept: [Way], from old: [Way]) -> [Way] {
        var heirs: [ObjectIdentifier: Int] = [:]
        for way in kept { heirs[ObjectIdentifier(way.cache), default: 0] += 1 }
        spare += old.map { $0.cache }.filter { heirs[ObjectIdentifier($0)] == nil }
        return kept.map { way in
            let id = ObjectIdentifier(way.cache)
            heirs[id]! -= 1
            // The last heir keeps the cache: all the others have copied it by then.
            guard heirs[id]! > 0 else { return way }
            var way = way
            let copy = spare.popLast() ?? makeCache()
            copy.copy(from: way.cache)
            way.cache = copy
            return way
        }
    }
}

/// How many caches an alignment takes.
enum AlignmentCaches {
    /// Ways that go on differ by one in how much they have copied: there are `width` of each of two lengths.
    static func most(width: Int) -> Int { 2 * width }
}
