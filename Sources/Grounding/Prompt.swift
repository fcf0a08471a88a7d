// SPDX-License-Identifier: MIT

/// What the model is asked to continue, after the picture.
///
/// Segments keep a caller's words and the service's tags apart until they are ids, so that no text that a caller
/// types can become a tag.
public struct Prompt: Sendable, Hashable {
    public enum Segment: Sendable, Hashable {
        case tag(Tag)
        /// Plain text; nothing in it is a tag.
        case text(String)
        /// The two location tokens of a box.
        case patches(PatchPair)
        /// Text whose tags count, for the `generate` task.
        case raw(String)
    }

    public var segments: [Segment]

    public init(_ segments: [Segment]) {
        self.segments = segments
    }

    /// The prompt as the reference would be given it.
    public var text: String {
        segments.map { segment in
            switch segment {
            case .tag(let tag): tag.rawValue
            case .text(let text), .raw(let text): text
            case .patches(let pair): Tag.patchIndex(pair.upperLeft) + Tag.patchIndex(pair.lowerRight)
            }
        }.joined()
    }
}
