// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Inference
import Testing
import Tokenization

/// A window with the given probabilities in the middle and around it, by place from the middle.
private func window(_ values: [(x: Int, y: Int, probability: Double)]) -> [Double] {
    var result = [Double](repeating: 0, count: CornerBelief.width * CornerBelief.width)
    for (x, y, probability) in values {
        result[(y + CornerBelief.radius) * CornerBelief.width + x + CornerBelief.radius] = probability
    }
    return result
}

@Suite("What is believed of a corner")
struct CornerBeliefTests {
    private func corner(_ values: [(x: Int, y: Int, probability: Double)], cell: Int = 500) -> CornerBelief {
        CornerBelief(cell: cell, probability: 0.1, window: window(values))
    }

    @Test("The mass is that of the cell and the eight that touch it")
    func mass() {
        let near = corner([(0, 0, 0.5), (1, 0, 0.125), (-1, -1, 0.25), (2, 0, 0.0625), (0, -2, 0.03125)])
        #expect(near.mass == 0.875 && near.chosen == 0.5)
    }

    @Test("The corner is expected at the mean over the whole window, whatever lies beyond it")
    func offset() {
        #expect(corner([(0, 0, 0.5)]).offset == (0, 0))
        #expect(corner([(0, 0, 0.25), (1, 0, 0.25)]).offset == (0.5, 0))
        #expect(corner([(0, 0, 0.25), (0, -2, 0.25), (2, 0, 0.5)]).offset == (1, -0.5))
    }

    @Test("A corner of which only the token is known stays in its cell")
    func unknown() {
        let bare = CornerBelief(cell: 3, probability: 0.1, window: [])
        #expect(bare.mass == 0.1 && bare.chosen == 0.1 && bare.offset == (0, 0))
    }

    @Test("The window ends at the edges of the grid")
    func edges() {
        let first = CornerBelief.cells(around: 0)
        #expect(first.compactMap(\.self) == [0, 1, 2, 32, 33, 34, 64, 65, 66])
        #expect(first[first.count / 2] == 0)
        #expect(
            CornerBelief.cells(around: 1023).compactMap(\.self) == [957, 958, 959, 989, 990, 991, 1021, 1022, 1023])
        #expect(CornerBelief.cells(around: 31).compactMap(\.self) == [29, 30, 31, 61, 62, 63, 93, 94, 95])
        #expect(CornerBelief.cells(around: 500).compactMap(\.self).count == CornerBelief.width * CornerBelief.width)
    }

    @Test("A window holds the probabilities among the locations allowed, and 0 for the others")
    func fromLogits() {
        let locations = 3..<1027
        var logits = [Float](repeating: -20, count: 1030)
        logits[0] = 50
        logits[locations.lowerBound + 100] = 2
        logits[locations.lowerBound + 101] = 1
        logits[locations.lowerBound + 99] = 3
        let allowed = ObjectGrammar.Allowed.only([100, 101, 132].map { locations.lowerBound + $0 })
        let (bound, free) = logits.withUnsafeBufferPointer { logits in
            let next = NextToken(logits)
            return (
                next.window(around: locations.lowerBound + 100, locations: locations, allowed: allowed),
                next.window(around: locations.lowerBound + 100, locations: locations, allowed: .any)
            )
        }
        let middle = bound.count / 2
        #expect(abs(bound[middle] - 0.7311) < 1e-4 && abs(bound[middle + 1] - 0.2689) < 1e-4)
        #expect(bound[middle - 1] == 0 && abs(bound.reduce(0, +) - 1) < 1e-9)
        #expect(abs(free[middle] - 0.2447) < 1e-4 && abs(free[middle - 1] - 0.6652) < 1e-4)
    }
}

@Suite("Scores of boxes", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct BoxScoreTests {
    let specials: SpecialTokens

    init() throws {
        specials = try NanoModel.tokenizer().specials
    }

    private func place(_ index: Int) -> Int { specials.patchIndexBase + index }

    private func generation(_ ids: [Int], _ probabilities: [Double]) -> Generation {
        let steps = zip(ids, probabilities).map { id, probability in
            let isLocation = specials.patchIndices.contains(id)
            return Generation.Step(
                probability: probability / 2, allowedProbability: probability,
                window: isLocation ? window([(0, 0, probability / 2), (0, 1, probability / 2)]) : [])
        }
        return Generation(ids: ids, steps: steps)
    }

    private func scores(_ ids: [Int], _ probabilities: [Double]) -> [Double] {
        BoxBelief.all(generation(ids, probabilities), specials: specials).map(BoxScore.score)
    }

    @Test("Presence among all tokens; delimiter and both corners' masses under one fourth root")
    func score() {
        let ids = [
            specials.object, place(3), place(40), specials.delimiter, place(33), place(66), specials.delimiter,
            place(99), place(132), specials.endObject,
        ]
        let probabilities = [0.8, 0.9, 0.4, 0.25, 1, 0.81, 0.5, 1, 1, 1]
        let beliefs = BoxBelief.all(generation(ids, probabilities), specials: specials)
        #expect(beliefs.map(\.patches.upperLeft) == [3, 33, 99] && beliefs.map(\.patches.lowerRight) == [40, 66, 132])
        #expect(beliefs.map(\.object) == [0.4, 0.4, 0.4] && beliefs.map(\.delimiter) == [1, 0.25, 0.125])
        let expected = [0.9 * 0.4, 0.25 * 0.81, 0.125].map { 0.4 * $0.squareRoot().squareRoot() }
        for (score, value) in zip(scores(ids, probabilities), expected) { #expect(abs(score - value) < 1e-12) }
    }

    @Test("A second phrase begins anew")
    func twoPhrases() {
        let box = [specials.object, place(3), place(40), specials.delimiter, place(33), place(66), specials.endObject]
        let probabilities = [0.8, 1, 1, 0.1, 1, 1, 1]
        let twice = BoxBelief.all(generation(box + [9] + box, probabilities + [1] + probabilities), specials: specials)
        #expect(twice.map(\.delimiter) == [1, 0.1, 1, 0.1])
    }

    @Test("No box without both places, none the wrong way round, no score of 0 or above 1")
    func edges() {
        #expect(scores([specials.object, place(3)], [1, 1]).isEmpty)
        #expect(scores([9, 10], [1, 1]).isEmpty)
        #expect(scores([specials.object, place(40), place(3), specials.endObject], [1, 1, 1, 1]).isEmpty)
        let box = [specials.object, place(3), place(40), specials.endObject]
        let least = scores(box, [1e-300, 1e-300, 1e-300, 1])
        #expect(least.count == 1 && least[0] > 0)
        #expect(scores(box, [2 + 1e-9, 1, 1, 1]) == [1])
    }

    @Test("The same tokens: the cells' box, or one moved to where its corners are expected")
    func decodings() throws {
        let belief = try #require(
            BoxBelief.all(
                generation([specials.object, place(3), place(200), specials.endObject], [1, 1, 1, 1]),
                specials: specials
            ).first)
        let (reference, refined) = (
            ScoredBox(belief, decoding: .reference), ScoredBox(belief, decoding: .refined)
        )
        #expect(reference.normalized == LocationGrid.box(PatchPair(upperLeft: 3, lowerRight: 200)))
        #expect(refined.normalized.xmin == reference.normalized.xmin)
        #expect(abs(refined.normalized.ymin - reference.normalized.ymin - 0.5 / 32) < 1e-12)
        #expect(reference.score == refined.score && reference.patches == refined.patches)
    }
}

@Suite("The search for instances", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct InstanceSearchTests {
    let specials: SpecialTokens

    init() throws {
        specials = try NanoModel.tokenizer().specials
    }

    private func place(_ index: Int) -> Int { specials.patchIndexBase + index }

    /// The candidates left, where the given tokens share all probability as given.
    private func narrowed(
        _ candidates: [Int], least: Double, after generation: Generation, _ probabilities: [Int: Double]
    ) -> [Int] {
        var logits = [Float](repeating: -100, count: specials.patchIndices.upperBound)
        for (token, probability) in probabilities { logits[token] = Float(log(probability)) }
        return logits.withUnsafeBufferPointer {
            InstanceSearch(least: least, specials: specials).narrowed(candidates, after: generation, NextToken($0))
        }
    }

    private func boxes(_ pairs: [(Int, Int)], object: Double = 1, delimiter: Double = 1) -> Generation {
        var result = Generation()
        for (index, pair) in pairs.enumerated() {
            let opening = index == 0 ? specials.object : specials.delimiter
            result.ids += [opening, place(pair.0), place(pair.1)]
            let probability = index == 0 ? object : delimiter
            result.steps += [probability, 1, 1].map {
                Generation.Step(probability: $0, allowedProbability: $0, window: [])
            }
        }
        return result
    }

    @Test("A phrase is there from the least score on", arguments: [(0.5, true), (0.6, true), (0.7, false)])
    func presence(least: Double, isThere: Bool) {
        let all = [specials.eos, specials.object, 9]
        let left = narrowed(all, least: least, after: Generation(), [specials.object: 0.6001, specials.eos: 0.3999])
        #expect(left == (isThere ? [specials.object] : [specials.eos, 9]))
    }

    @Test(
        "Another box is looked for while it can reach the least score",
        arguments: [(0.49, 1.0, true), (0.51, 1.0, false), (0.24, 0.5, true), (0.26, 0.5, false), (0.0, 0.0, true)])
    func goesOn(least: Double, object: Double, expected: Bool) {
        let ways = [specials.endObject, specials.delimiter]
        let left = narrowed(
            ways, least: least, after: boxes([(0, 200)], object: object),
            [specials.delimiter: 0.0625, specials.endObject: 0.9375])
        #expect(left == [expected ? specials.delimiter : specials.endObject])
    }

    @Test("A box that repeats an earlier one ends the search")
    func repeats() {
        let ways = [specials.endObject, specials.delimiter]
        let chances = [specials.delimiter: 0.9, specials.endObject: 0.1]
        let apart = boxes([(0, 165), (500, 700)])
        #expect(narrowed(ways, least: 0, after: apart, chances) == [specials.delimiter])
        let again = boxes([(0, 165), (500, 700), (1, 165)])
        #expect(narrowed(ways, least: 0, after: again, chances) == [specials.endObject])
    }

    @Test("All other choices stay as the grammar has them")
    func others() {
        let places = Array(specials.patchIndices)
        let open = Generation(ids: [specials.object], steps: [.init(probability: 1, allowedProbability: 1)])
        #expect(narrowed(places, least: 0.9, after: open, [place(3): 1]) == places)
        #expect(narrowed([specials.endObject], least: 0, after: boxes([(0, 9)]), [:]) == [specials.endObject])
    }
}

@Suite("Boxes of one label")
struct DetectionAssemblyTests {
    private func box(_ xmin: Double, _ xmax: Double, score: Double, cell: Int) -> ScoredBox {
        ScoredBox(
            patches: PatchPair(upperLeft: cell, lowerRight: 1023),
            normalized: NormalizedBox(xmin: xmin, ymin: 0, xmax: xmax, ymax: 1), score: score)
    }

    @Test("Best first, and of boxes that overlap by half or more only the best")
    func instances() throws {
        let boxes = [
            box(0, 0.5, score: 0.4, cell: 1), box(0.6, 1, score: 0.9, cell: 2), box(0, 0.4, score: 0.8, cell: 3),
            box(0.3, 0.7, score: 0.4, cell: 4),
        ]
        let answer = ResultAssembly(width: 10, height: 10).detection(labels: ["cat", "dog"], boxes: [boxes, []])
        #expect(answer.caption == "cat")
        #expect(answer.entities.map(\.boxes).first?.map(\.patches.upperLeft) == [2, 3, 4])
    }

    @Test("An overlap of just a half is one instance, a little less are two")
    func limit() {
        for (edge, count) in [(0.5, 1), (0.49, 2)] {
            let boxes = [box(0, 1, score: 0.9, cell: 1), box(0, edge, score: 0.8, cell: 2)]
            let answer = ResultAssembly(width: 10, height: 10).detection(labels: ["cat"], boxes: [boxes])
            #expect(answer.entities.first?.boxes.count == count)
        }
    }
}
