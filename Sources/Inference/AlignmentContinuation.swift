// SPDX-License-Identifier: MIT

import Grounding
package import Kosmos2

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

    /// A way with one more token, before it has a cache of its own.
    private struct Candidate {
        var way: Way
        /// The way it comes from, where that needs the model; `nil` for one that has only waited.
        var parent: Int?
    }

    private let grammar: AlignmentGrammar
    private let plan: GenerationPlan
    private let width: Int
    private var spare: [Cache]
    /// Those that the model sees next: the ones that have copied the least.
    private var behind: [Way]
    /// The others, complete ones among them.
    private var ahead: [Way] = []

    /// How many caches a search of some width uses: ways of two lengths at a time.
    package static func caches(width: Int) -> Int { 2 * width }

    /// - Parameters:
    ///   - width: how many ways go on for each length of the caption.
    ///   - cache: holds the prompt.
    ///   - spare: `caches(width:)` less one, of the same capacity.
    ///   - plan: the budget, the tags and the end of text.
    package init(_ grammar: AlignmentGrammar, width: Int, cache: Cache, spare: [Cache], plan: GenerationPlan) {
        precondition(
            width > 0 && spare.count + 1 == Self.caches(width: width),
            "alignment of width \(width) with \(spare.count) spare caches")
        (self.grammar, self.width, self.spare, self.plan) = (grammar, width, spare, plan)
        behind = [Way(cache: cache)]
    }

    package var isDone: Bool { behind.isEmpty }

    package var part: HeadPart {
        behind.allSatisfy { grammar.isInBox(after: $0.generation.ids) } && !plan.comparesWithAll ? .tags : .all
    }

    package var wanted: [(token: Int, cache: Cache)] {
        behind.compactMap { way in way.generation.ids.last.map { ($0, way.cache) } }
    }

    /// The likeliest way, once it is complete.
    package var generation: Generation {
        var result = ahead.first?.generation ?? Generation()
        result.finish = .stop
        return result
    }

    package func take(_ logits: LogitRows) throws(TaskError) {
        var candidates = ahead.map { Candidate(way: $0, parent: nil) }
        for (row, way) in behind.enumerated() {
            for child in try children(of: way, logits.next(row)) {
                candidates.append(Candidate(way: child, parent: row))
            }
        }
        let ways = heirs(likeliest(candidates))
        let copied = ways.lazy.filter { !$0.isComplete }.map(\.copied).min()
        let isBehind = { (way: Way) in !way.isComplete && way.copied == copied }
        behind = ways.filter(isBehind)
        ahead = ways.filter { !isBehind($0) }
    }

    /// A way with each token that may come next; inside a box with the likeliest alone.
    private func children(of way: Way, _ next: NextToken) throws(TaskError) -> [Way] {
        let ids = way.generation.ids
        let allowed = grammar.allowed(after: ids, remaining: plan.maxNewTokens - ids.count)
        let isInBox = grammar.isInBox(after: ids)
        let candidates = next.candidates(allowed, blocked: [])
        let all = isInBox ? nil : next.logSum(next.all)
        guard next.areFinite(candidates), all?.isFinite ?? true else { throw .notFinite }
        var children: [Way] = []
        for token in isInBox ? [next.greedy(candidates)] : candidates {
            var child = way
            child.generation.ids.append(token)
            child.generation.steps.append(plan.step(token, allowed, isInBox: isInBox, next))
            if let all { child.score += next.logit(token) - all }
            child.copied = grammar.copied(child.generation.ids)
            child.isComplete = grammar.isComplete(child.generation.ids)
            children.append(child)
        }
        return children
    }

    /// The likeliest `width` of each length, best first; of equals the earlier one.
    private func likeliest(_ candidates: [Candidate]) -> [Candidate] {
        let order = candidates.enumerated().sorted {
            ($0.element.way.score, $1.offset) > ($1.element.way.score, $0.offset)
        }
        var counts: [Int: Int] = [:]
        return order.map(\.element).filter { candidate in
            counts[candidate.way.copied, default: 0] += 1
            return counts[candidate.way.copied]! <= width
        }
    }

    /// Gives each a cache: its parent's where nobody else takes it, else a copy.
    private func heirs(_ chosen: [Candidate]) -> [Way] {
        var heirs = [Int](repeating: 0, count: behind.count)
        for parent in chosen.compactMap(\.parent) { heirs[parent] += 1 }
        for (way, count) in zip(behind, heirs) where count == 0 { spare.append(way.cache) }
        let kept = Set(chosen.filter { $0.parent == nil }.map { ObjectIdentifier($0.way.cache) })
        spare += ahead.map(\.cache).filter { !kept.contains(ObjectIdentifier($0)) }
        return chosen.map { candidate in
            guard let parent = candidate.parent else { return candidate.way }
            heirs[parent] -= 1
            var way = candidate.way
            // The last heir keeps the parent's cache: all the others have copied it by then.
            if heirs[parent] > 0 {
                way.cache = spare.removeLast()
                way.cache.copy(from: behind[parent].cache)
            }
            return way
        }
    }
}
