// SPDX-License-Identifier: MIT

/// How sure the model was of a box.
///
///     score = P(<object>) · ⁴√(D · M(upper left) · M(lower right))
///
/// `P(<object>)` is the probability, among all tokens, that a box follows the phrase. `D` is 1 for the first box of a
/// phrase; for a later one it is the product of the probabilities of the delimiters before it, each against
/// `</object>`. `M` is the probability, among the locations that the grammar allows, of a corner's cell and the cells
/// that touch it: a corner near the border of two cells is no less sure than one in the middle of its cell. All come from
/// raw logits.
///
/// Chosen among other ways on scenes that training never saw: docs/decisions/0007-box-scores.md.
package enum BoxScore {
    /// In (0, 1].
    package static func score(_ belief: BoxBelief) -> Double {
        let corners = belief.upperLeft.mass * belief.lowerRight.mass
        return bounded(belief.object * fourthRoot(belief.delimiter * corners))
    }

    /// The score of a box whose corners are certain: no box with these probabilities before it scores higher.
    package static func most(object: Double, delimiter: Double) -> Double {
        bounded(object * fourthRoot(delimiter))
    }

    /// Two square roots, which every machine rounds alike.
    private static func fourthRoot(_ value: Double) -> Double {
        value.squareRoot().squareRoot()
    }

    /// A product of probabilities can round to 0, which would read as impossible.
    private static func bounded(_ score: Double) -> Double {
        min(max(score, .leastNormalMagnitude), 1)
    }
}
