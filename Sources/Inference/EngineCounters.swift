// SPDX-License-Identifier: MIT

/// What an engine has done so far. Numbers that only grow.
public struct EngineCounters: Sendable, Hashable {
    /// Steps of the decoder, by how many sequences shared them: the first entry is of one sequence.
    public private(set) var stepsBySequences: [Int] = []
    /// Jobs whose picture was known, and those whose picture had to be encoded; a tile is a job of its own.
    public internal(set) var pictureHits = 0
    public internal(set) var pictureMisses = 0
    /// Of jobs that were answered.
    public internal(set) var promptTokens = 0
    /// Of sequences that came to their end.
    public internal(set) var generatedTokens = 0
    /// Answers whose text was not well-formed grounding.
    public internal(set) var malformedSequences = 0

    public init() {}

    public var steps: Int { stepsBySequences.reduce(0, +) }

    /// Tokens that went through the decoder in steps, of all sequences.
    public var decodedTokens: Int { stepsBySequences.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element } }

    mutating func stepped(sequences: Int) {
        guard sequences > 0 else { return }
        while stepsBySequences.count < sequences { stepsBySequences.append(0) }
        stepsBySequences[sequences - 1] += 1
    }
}
