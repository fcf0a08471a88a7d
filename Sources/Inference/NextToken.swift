// SPDX-License-Identifier: MIT

import Foundation

/// The choice of the next token from raw logits, as pure functions. `V` is the vocabulary.
package struct NextToken {
    /// The raw logits of the tokens from `first` on.
    private let logits: UnsafeBufferPointer<Float>
    private let first: Int

    /// - Parameter logits: `[V]`, or its end from `firstToken` on: then only of these tokens can be asked.
    package init(_ logits: UnsafeBufferPointer<Float>, firstToken: Int = 0) {
        (self.logits, first) = (logits, firstToken)
    }

    /// The ids of all tokens.
    package var all: Range<Int> {
        precondition(first == 0, "next token: logits from token \(first) on for a choice among all")
        return logits.indices
    }

    /// The raw logit of a token.
    package func logit(_ id: Int) -> Double { Double(raw(id)) }

    /// Whether the logits of these, or of all that there are, are numbers.
    package func areFinite(_ candidates: [Int]? = nil) -> Bool {
        candidates?.allSatisfy { raw($0).isFinite } ?? logits.allSatisfy(\.isFinite)
    }

    private func raw(_ id: Int) -> Float { logits[id - first] }

    /// The candidates: allowed by the grammar and not blocked. Where the block leaves nothing, it gives way.
    package func candidates(_ allowed: ObjectGrammar.Allowed, blocked: [Int]) -> [Int] {
        let barred = Set(blocked)
        let open: [Int] =
            switch allowed {
            case .any: Array(all)
            case .only(let ids): ids
            }
        let free = barred.isEmpty ? open : open.filter { !barred.contains($0) }
        return free.isEmpty ? open : free
    }

    /// The likeliest candidate; of equals the lowest id.
    package func greedy(_ candidates: [Int]) -> Int {
        var best = candidates[0]
        for id in candidates where raw(id) > raw(best) || (raw(id) == raw(best) && id < best) { best = id }
        return best
    }

    /// The likeliest of `candidates(allowed, blocked:)`, without a list of the whole vocabulary.
    package func greedy(_ allowed: ObjectGrammar.Allowed, blocked: [Int]) -> Int {
        guard allowed == .any else { return greedy(candidates(allowed, blocked: blocked)) }
        var best: Int?
        for id in all {
            if let best, !(raw(id) > raw(best)) { continue }
            // The list is short, and looked at only where a token would win.
            if !blocked.contains(id) { best = id }
        }
        return best ?? greedy(Array(all))
    }

    /// The logarithm of the sum of the exponentials, in double precision.
    package func logSum(_ candidates: some Sequence<Int>) -> Double {
        var peak = -Double.infinity
        for id in candidates { peak = max(peak, logit(id)) }
        var sum = 0.0
        for id in candidates { sum += exp(logit(id) - peak) }
        return peak + log(sum)
    }

    /// The probability of a token among the candidates, from raw logits.
    package func probability(of token: Int, among candidates: some Sequence<Int>) -> Double {
        exp(logit(token) - logSum(candidates))
    }

    /// The probabilities of a location and of those around it, among the locations allowed: a `CornerBelief.window`.
    /// - Parameter locations: the ids of all location tokens.
    package func window(
        around token: Int, locations: Range<Int>, allowed: ObjectGrammar.Allowed
    ) -> [Double] {
        let open: [Int] =
            switch allowed {
            case .any: Array(locations)
            case .only(let ids): ids
            }
        let normaliser = logSum(open)
        return CornerBelief.cells(around: token - locations.lowerBound).map { cell in
            guard let cell, open.contains(locations.lowerBound + cell) else { return 0 }
            return exp(logit(locations.lowerBound + cell) - normaliser)
        }
    }

    /// A random draw from the smallest set of likeliest candidates whose probability reaches `topP`.
    package func sample(
        _ candidates: [Int], temperature: Double, topP: Double, using generator: inout SplitMix64
    ) -> Int {
        let order = candidates.sorted { raw($0) != raw($1) ? raw($0) > raw($1) : $0 < $1 }
        let peak = logit(order[0])
        let weights = order.map { exp((logit($0) - peak) / temperature) }
        let total = weights.reduce(0, +)
        var nucleus = 0
        var mass = 0.0
        repeat {
            mass += weights[nucleus]
            nucleus += 1
        } while nucleus < weights.count && mass < topP * total
        var draw = generator.unit() * mass
        for index in 0..<nucleus {
            draw -= weights[index]
            if draw < 0 { return order[index] }
        }
        return order[nucleus - 1]
    }
}
