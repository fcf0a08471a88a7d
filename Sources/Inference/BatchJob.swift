// SPDX-License-Identifier: MIT

import Grounding

/// One job in a batcher: what it asks for, how far it is, and how it ended.
final class BatchJob {
    let job: Job
    let plan: GenerationPlan
    let cancellation: CancellationFlag
    /// The encoded picture; dropped once nobody needs it.
    var image: [UInt8]
    /// Tokens of each sequence, prompt and answer together.
    let capacity: Int
    /// What it needs to get on at all: its picture's prefix and one sequence.
    let least: SequenceRoom
    /// What each of its sequences takes.
    let each: SequenceRoom

    /// From when it is let in.
    var picture: PictureWork?
    var isHit = false
    var cachedPromptTokens = 0
    /// The first prompt that has not begun.
    var nextPrompt = 0
    /// Its sequences that were begun and have not ended.
    var open = 0
    var generations: [Generation?]
    /// Whether its caller wants to hear of each entity as it is found.
    var streams = false
    /// Whether an entity was found since ``Engine/news()`` was asked.
    var hasNews = false
    /// How many prompts, from the first on, are answered.
    private(set) var answered = 0
    var timing = Timing()
    var stages: [StageRun] = []
    /// Milliseconds from its beginning to its first token; `nil` before that.
    var firstToken: Double?
    let begun: ContinuousClock.Instant
    var outcome: Result<JobOutput, TaskError>?

    init(
        _ job: Job, plan: GenerationPlan, image: [UInt8], capacity: Int, prefix: SequenceRoom, each: SequenceRoom,
        cancellation: CancellationFlag, at now: ContinuousClock.Instant
    ) {
        (self.job, self.plan, self.image, self.capacity, self.each) = (job, plan, image, capacity, each)
        (self.cancellation, begun) = (cancellation, now)
        least = prefix + each
        generations = Array(repeating: nil, count: job.prompts.count)
    }

    var pending: Int { job.prompts.count - nextPrompt }

    /// What it takes now, at least what is kept for it.
    var taken: SequenceRoom {
        let prefix = least - each
        return least.union(prefix + SequenceRoom(rows: open * each.rows, bytes: open * each.bytes))
    }

    /// Counts on over answers that have come.
    /// - Returns: whether there were any.
    func countAnswered() -> Bool {
        let before = answered
        while answered < generations.count, generations[answered] != nil { answered += 1 }
        return answered > before
    }

    var isAnswered: Bool { generations.allSatisfy { $0 != nil } }

    /// The width of its beam search; 1 where there is none.
    var width: Int {
        if case .beam(let width) = plan.decoding { width } else { 1 }
    }
}
