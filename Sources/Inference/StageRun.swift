// SPDX-License-Identifier: MIT

/// When a job was in a stage: from the first of its slices to the last. Other jobs had slices in between.
public struct StageRun: Sendable, Hashable {
    public enum Stage: String, Sendable, Hashable, CaseIterable {
        case decodeImage = "decode_image"
        case vision, prefill, generate
        /// From tokens to a result.
        case parse
    }

    public let stage: Stage
    public internal(set) var start: ContinuousClock.Instant
    public internal(set) var end: ContinuousClock.Instant
}

extension [StageRun] {
    /// A slice of a stage.
    mutating func note(_ stage: StageRun.Stage, _ watch: Stopwatch) {
        note(StageRun(stage: stage, start: watch.begun, end: watch.last))
    }

    mutating func note(_ run: StageRun) {
        guard let index = firstIndex(where: { $0.stage == run.stage }) else { return append(run) }
        self[index].start = Swift.min(self[index].start, run.start)
        self[index].end = Swift.max(self[index].end, run.end)
    }
}
