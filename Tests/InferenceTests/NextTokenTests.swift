// SPDX-License-Identifier: MIT

import Inference
import Testing

@Suite("The next token")
struct NextTokenTests {
    private func with<Result>(_ logits: [Float], _ body: (NextToken) -> Result) -> Result {
        logits.withUnsafeBufferPointer { body(NextToken($0)) }
    }

    private func draws(_ logits: [Float], temperature: Double, topP: Double, count: Int, seed: UInt64) -> [Int] {
        var generator = SplitMix64(seed: seed)
        return with(logits) { next in
            (0..<count).map { _ in
                next.sample(Array(logits.indices), temperature: temperature, topP: topP, using: &generator)
            }
        }
    }

    @Test("Greedy takes the likeliest; of equals the lowest id")
    func greedy() {
        #expect(with([1, 3, 2, 3]) { $0.greedy([0, 1, 2, 3]) } == 1)
        #expect(with([1, 3, 2, 3]) { $0.greedy([3, 2, 1]) } == 1)
        #expect(with([1, 3, 2, 3]) { $0.greedy([0, 2]) } == 2)
    }

    @Test("The end of a vocabulary alone gives what the whole gives")
    func end() {
        let logits: [Float] = [9, 1, 3, 2, 2.5]
        let parts = [NextTokenTests.choice(logits, from: 0), NextTokenTests.choice(Array(logits[2...]), from: 2)]
        #expect(parts[0] == parts[1] && parts[0].token == 2)
    }

    private struct Choice: Equatable {
        var token: Int
        var probability: Double
        var logit: Double
    }

    private static func choice(_ logits: [Float], from first: Int) -> Choice {
        logits.withUnsafeBufferPointer {
            let next = NextToken($0, firstToken: first)
            return Choice(
                token: next.greedy([2, 3, 4]), probability: next.probability(of: 3, among: [2, 3, 4]),
                logit: next.logit(4))
        }
    }

    @Test("What is no number is seen, among those that count")
    func finite() {
        #expect(with([1, .nan, 3]) { $0.areFinite([0, 2]) && !$0.areFinite([1]) && !$0.areFinite() })
        #expect(with([1, .infinity, 3]) { !$0.areFinite() } && with([1, 2]) { $0.areFinite() })
    }

    @Test("Probabilities of any candidates sum to 1, however large the logits")
    func probabilities() {
        for shift: Float in [0, 300, -300] {
            let logits = [0.5, 2, -1].map { $0 + shift }
            let sum = with(logits) { next in (0..<3).reduce(0) { $0 + next.probability(of: $1, among: 0..<3) } }
            #expect(abs(sum - 1) < 1e-12)
        }
        #expect(with([5, 1]) { $0.probability(of: 1, among: [1]) } == 1)
    }

    @Test("Blocked tokens are no candidates, unless nothing else is left")
    func blocks() {
        #expect(with([1, 2, 3]) { $0.candidates(.any, blocked: [2]) } == [0, 1])
        #expect(with([1, 2, 3]) { $0.candidates(.only([1, 2]), blocked: [2]) } == [1])
        #expect(with([1, 2, 3]) { $0.candidates(.only([2]), blocked: [2]) } == [2])
    }

    @Test("The likeliest of all is the likeliest of the list", arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8])
    func greedyWithoutAList(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        // Few values, so that there are equals.
        let logits = (0..<12).map { _ in Float(Int.random(in: 0..<4, using: &random)) }
        for count in 0...12 {
            let blocked = Array((0..<12).shuffled(using: &random).prefix(count))
            for allowed: ObjectGrammar.Allowed in [.any, .only([3, 1, 7])] {
                let (found, expected) = with(logits) {
                    ($0.greedy(allowed, blocked: blocked), $0.greedy($0.candidates(allowed, blocked: blocked)))
                }
                #expect(found == expected, "\(logits), \(allowed), \(blocked)")
            }
        }
    }

    @Test("Samples follow the probabilities")
    func frequencies() {
        let drawn = draws([2, 1, 0], temperature: 1, topP: 1, count: 20_000, seed: 1)
        for (id, expected) in [0.6652, 0.2447, 0.0900].enumerated() {
            let share = Double(drawn.count { $0 == id }) / 20_000
            #expect(abs(share - expected) < 0.015, "token \(id): \(share)")
        }
    }

    @Test("Heat flattens the choice")
    func temperature() {
        let cold = draws([2, 1, 0], temperature: 0.1, topP: 1, count: 2000, seed: 2).count { $0 == 0 }
        let hot = draws([2, 1, 0], temperature: 100, topP: 1, count: 2000, seed: 2).count { $0 == 0 }
        #expect(cold > 1990 && hot > 560 && hot < 780)
    }

    @Test(
        "Only the smallest set that reaches topP is drawn from",
        arguments: [(0.6, 1), (0.7, 2), (0.92, 3), (1.0, 3), (1e-9, 1)])
    func nucleus(topP: Double, size: Int) {
        #expect(Set(draws([2, 1, 0], temperature: 1, topP: topP, count: 2000, seed: 3)) == Set(0..<size))
    }

    @Test("A seed gives its draws again, another seed others")
    func seeds() {
        func some(_ seed: UInt64) -> [Int] { draws([1, 1, 1, 1], temperature: 1, topP: 1, count: 50, seed: seed) }
        #expect(some(4) == some(4))
        #expect(some(4) != some(5))
    }

    @Test("The largest logits come best first; of equals the lower id")
    func top() {
        #expect(TopLogits([1, 5, 3, 5, 0], count: 3).ids == [1, 3, 2])
        #expect(TopLogits([1, 5, 3, 5, 0], count: 3, excluding: [1]).ids == [3, 2, 0])
        #expect(TopLogits([1, 2], count: 5).ids == [1, 0])
    }
}

@Suite("The rule against repeated runs")
struct NgramBlockTests {
    @Test(
        "What would repeat a run is blocked",
        arguments: [
            ([1, 2, 3, 1, 2], 3, [3]), ([1, 2, 3, 1, 2, 4, 1, 2], 3, [3, 4]), ([1, 2, 3, 2, 1], 3, []),
            ([1, 1], 2, [1]), ([1, 2], 1, [1, 2]), ([1, 2, 1], 0, []), ([1, 2], 3, []), ([], 3, []), ([], 1, []),
            ([5, 5, 5], 3, [5]),
        ])
    func blocked(ids: [Int], size: Int, expected: [Int]) {
        #expect(NgramBlock.blocked(after: ids, size: size) == expected)
    }
}

@Suite("The few values used last")
struct RecentlyUsedTests {
    @Test("What was not used for longest goes first")
    func order() {
        var cache = RecentlyUsed<String, Int>(budget: 20)
        cache.insert(1, for: "a", bytes: 12)
        cache.insert(2, for: "b", bytes: 8)
        #expect(cache.value(for: "a") == 1 && cache.bytes == 20)
        cache.insert(3, for: "c", bytes: 1)
        #expect(cache.value(for: "b") == nil)
        #expect(cache.value(for: "a") == 1 && cache.value(for: "c") == 3 && cache.count == 2)
    }

    @Test("A key has one value, and no budget keeps none")
    func replaces() {
        var cache = RecentlyUsed<String, Int>(budget: 20)
        cache.insert(1, for: "a", bytes: 15)
        cache.insert(2, for: "a", bytes: 20)
        #expect(cache.value(for: "a") == 2 && cache.count == 1 && cache.bytes == 20)
        var none = RecentlyUsed<String, Int>(budget: 0)
        none.insert(1, for: "a", bytes: 1)
        #expect(none.value(for: "a") == nil && none.count == 0)
    }

    @Test("A value larger than the budget is not kept, and costs no other its place")
    func tooLarge() {
        var cache = RecentlyUsed<String, Int>(budget: 20)
        cache.insert(1, for: "a", bytes: 20)
        cache.insert(2, for: "b", bytes: 21)
        #expect(cache.value(for: "a") == 1 && cache.value(for: "b") == nil)
        cache.insert(3, for: "a", bytes: 21)
        #expect(cache.count == 0, "what a key had before is gone with it")
    }
}
