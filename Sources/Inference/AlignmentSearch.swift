// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Tensors

/// Finds the likeliest way to mark a caption's phrases, the caption itself being given.
///
/// To take whichever is likelier at each place, the caption's next token or a tag, would open a phrase before every word
/// that the model did not expect. So whole ways to mark it are compared, in step with the caption: of those that have
/// copied equally much of it, the likeliest few go on. What counts is how likely the words and the tags around phrases
/// and boxes are, but not where the boxes lie: a phrase is marked alike wherever it is found.
package struct AlignmentSearch<Model: SequenceModel> {
    private struct Way {
        var generation = Generation()
        /// The sum of the logarithms of the probabilities that count.
        var score = 0.0
        /// How many of the caption's tokens it has.
        var copied = 0
        var isComplete = false
        var cache: Model.Cache
        /// Raw logits of what comes next, `[V]`; `nil` as long as the last token has not been through the model.
        var logits: [Float]?
    }

    private let model: Model
    private let grammar: AlignmentGrammar
    private let plan: GenerationPlan
    private let width: Int
    private let checkpoint: () throws(TaskError) -> Void

    /// - Parameters:
    ///   - plan: the budget, the locations and the end of text.
    ///   - width: how many ways go on for each length of the caption.
    ///   - checkpoint: called before every step of the model; what it throws ends the search.
    package init(
        _ model: Model, _ grammar: AlignmentGrammar, plan: GenerationPlan, width: Int,
        checkpoint: @escaping () throws(TaskError) -> Void = {}
    ) {
        precondition(width > 0, "alignment search of width \(width)")
        self.model = model
        self.grammar = grammar
        self.plan = plan
        self.width = width
        self.checkpoint = checkpoint
    }

    /// The likeliest way, complete.
    /// - Parameter capacity: of each way's cache, as that of the start's.
    package func run(_ start: Generator<Model>.Start, capacity: Int) throws(TaskError) -> Generation {
        var ways = [Way(cache: start.cache, logits: start.logits)]
        var spare: [Model.Cache] = []
        while let copied = ways.lazy.filter({ !$0.isComplete }).map(\.copied).min() {
            try checkpoint()
            let isBehind = { (way: Way) in !way.isComplete && way.copied == copied }
            var next = ways.filter { !isBehind($0) }
            for way in advanced(ways.filter(isBehind)) { next += try branches(of: way, capacity, &spare) }
            ways = likeliest(next, &spare)
        }
        var result = ways[0].generation
        result.finish = .stop
        return result
    }

    /// The same ways once the model has seen their last tokens.
    private func advanced(_ ways: [Way]) -> [Way] {
        var ways = ways
        let late = ways.indices.filter { ways[$0].logits == nil }
        guard !late.isEmpty else { return ways }
        let logits = model.step(
            tokens: late.map { ways[$0].generation.ids.last! }, caches: late.map { ways[$0].cache })
        for (row, index) in late.enumerated() {
            ways[index].logits = Array(UnsafeBufferPointer(start: logits.row(row), count: logits.shape[-1]))
        }
        return ways
    }

    /// A way with each token that may come next; inside a box with the likeliest alone.
    private func branches(
        of way: Way, _ capacity: Int, _ spare: inout [Model.Cache]
    ) throws(TaskError) -> [Way] {
        let ids = way.generation.ids
        let allowed = grammar.allowed(after: ids, remaining: plan.maxNewTokens - ids.count)
        let isInBox = grammar.isInBox(after: ids)
        let steps = way.logits!.withUnsafeBufferPointer { logits in
            let next = NextToken(logits)
            let candidates = next.candidates(allowed, blocked: [])
            let tokens = isInBox ? [next.greedy(candidates)] : candidates
            return tokens.map { ($0, plan.step($0, allowed, next)) }
        }
        var children: [Way] = []
        for (index, (token, step)) in steps.enumerated() {
            guard step.probability.isFinite else {
                throw TaskError(.internal, "the model's logits are not finite numbers")
            }
            var child = way
            child.logits = nil
            // The last child keeps the parent's cache: all the others have copied it by then.
            if index + 1 < steps.count {
                child.cache = spare.popLast() ?? model.makeCache(capacity: capacity)
                child.cache.copy(from: way.cache)
            }
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
    private func likeliest(_ ways: [Way], _ spare: inout [Model.Cache]) -> [Way] {
        let order = ways.enumerated().sorted {
            ($0.element.score, $1.offset) > ($1.element.score, $0.offset)
        }.map(\.element)
        var counts: [Int: Int] = [:]
        var kept: [Way] = []
        for way in order {
            counts[way.copied, default: 0] += 1
            if counts[way.copied]! <= width { kept.append(way) } else { spare.append(way.cache) }
        }
        return kept
    }
}
