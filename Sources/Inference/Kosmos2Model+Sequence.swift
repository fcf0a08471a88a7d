// SPDX-License-Identifier: MIT

package import Kosmos2

extension KeyValueCache: SequenceCache {}

extension Kosmos2Model: SequenceModel {
    /// The side of the square picture, in pixels.
    package var imageSide: Int { configuration.vision.imageSize }
    /// Embeddings per picture.
    package var imageTokens: Int { configuration.latents }
    /// The longest sequence.
    package var contextTokens: Int { configuration.text.maxPositions }
}
