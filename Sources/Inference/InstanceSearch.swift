// SPDX-License-Identifier: MIT

import Grounding
package import Tokenization

/// Decides, by the least score that is asked for, whether a phrase is in the picture and whether to look for one more
/// instance of it.
///
/// A model that was taught one box for "cat" closes `<object>` after one cat of three, but when it is made to go on, it
/// finds the others. So the delimiter is forced for as long as the next box could still reach the least score, and until
/// a box repeats an earlier one: then all instances are found.
package struct InstanceSearch: Sendable {
    /// The overlap, intersection over union, from which on two boxes are one instance.
    package static let duplicate = 0.5

    private let least: Double
    private let specials: SpecialTokens

    /// - Parameter least: the least score of a box, in 0...1.
    package init(least: Double, specials: SpecialTokens) {
        self.least = least
        self.specials = specials
    }

    /// The candidates for the next token once that is decided; all others as they are.
    /// - Parameter candidates: what the grammar of boxes for a phrase allows.
    package func narrowed(_ candidates: [Int], after generation: Generation, _ next: NextToken) -> [Int] {
        if generation.ids.isEmpty {
            let isThere = next.probability(of: specials.object, among: next.all) >= least
            return candidates.filter { ($0 == specials.object) == isThere }
        }
        let ways = [specials.endObject, specials.delimiter]
        guard candidates == ways else { return candidates }
        let chance = next.probability(of: specials.delimiter, among: ways)
        return [goesOn(after: BoxBelief.all(generation, specials: specials), chance) ? ways[1] : ways[0]]
    }

    /// - Parameter chance: of another delimiter.
    private func goesOn(after boxes: [BoxBelief], _ chance: Double) -> Bool {
        guard let last = boxes.last, BoxScore.most(object: last.object, delimiter: last.delimiter * chance) >= least
        else { return false }
        let place = LocationGrid.box(last.patches)
        return boxes.dropLast().allSatisfy { LocationGrid.box($0.patches).overlap(with: place) < Self.duplicate }
    }
}
