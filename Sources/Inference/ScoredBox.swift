// SPDX-License-Identifier: MIT

package import Grounding

/// A box that was generated, where exactly it is, and how sure the model was of it.
package struct ScoredBox: Sendable, Equatable {
    package var patches: PatchPair
    package var normalized: NormalizedBox
    /// In (0, 1].
    package var score: Double

    package init(patches: PatchPair, normalized: NormalizedBox, score: Double) {
        self.patches = patches
        self.normalized = normalized
        self.score = score
    }

    package init(_ belief: BoxBelief, decoding: BoxDecoding) {
        patches = belief.patches
        normalized =
            switch decoding {
            case .reference: LocationGrid.box(belief.patches)
            case .refined: belief.refined
            }
        score = BoxScore.score(belief)
    }
}
