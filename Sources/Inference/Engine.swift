// SPDX-License-Identifier: MIT

import Checkpoints
public import Grounding
public import Kosmos2
import Tokenization

/// Answers grounding tasks: picture and task in, result out.
///
/// Tasks are submitted, and go on side by side as the engine is advanced. One thread owns an engine; it is deliberately
/// not `Sendable`. The same picture, task and options give the same result, whatever the engine did before and does beside
/// it; only the timing and the marks of caches differ.
public final class Engine {
    public let identity: ModelIdentity
    public let limits: EngineLimits
    /// Counts tokens and layers; see `Kosmos2Model.progress`.
    public let model: Kosmos2Model

    let options: EngineOptions
    let encoder: PromptEncoder
    let batcher: Batcher
    /// Those who have not ended, as their callers know them.
    private var open: [ObjectIdentifier: (ticket: JobTicket, id: String)] = [:]
    private var tickets: UInt64 = 0
    /// Ended while somebody waited for another.
    private var unclaimed: [EndedJob] = []
    /// Those that look at tiles, each of which is a task of its own.
    private var tiled: [TiledJob] = []

    /// Opens a model folder.
    /// - Parameter report: told how many of how many bytes of weights are quantised, where that is yet to be done.
    /// - Throws: what the checkpoint, the tokenizer or the configuration have to say.
    public convenience init(
        modelFolder: String, options: EngineOptions = EngineOptions(),
        report: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        let checkpoint = try Checkpoint(folder: modelFolder)
        let model = try Kosmos2Model(
            checkpoint: checkpoint, threads: options.threads, precision: options.precision, cache: options.cacheFolder,
            report: report)
        let identity = ModelIdentity(
            name: checkpoint.name, revision: checkpoint.revision, precision: options.precision.rawValue)
        self.init(model: model, identity: identity, options: options)
    }

    /// Takes over a model that is open already.
    public init(model: Kosmos2Model, identity: ModelIdentity, options: EngineOptions = EngineOptions()) {
        self.model = model
        self.identity = identity
        self.options = options
        limits = EngineLimits(contextTokens: model.contextTokens, image: options.imageLimits)
        encoder = PromptEncoder(model.tokenizer, imageTokens: model.imageTokens)
        batcher = Batcher(model: model, encoder: encoder, identity: identity, options: options)
    }

    /// Takes a task on; ``advance()`` says how it ended.
    /// - Parameters:
    ///   - id: repeated in the result.
    ///   - image: the bytes of a JPEG or PNG file.
    ///   - streams: whether ``news()`` is to tell of it.
    public func submit(
        id: String, task: GroundingTask, options: GenerationOptions = GenerationOptions(), image: [UInt8],
        streams: Bool = false, cancellation: CancellationFlag = CancellationFlag()
    ) -> JobTicket {
        tickets += 1
        let ticket = JobTicket(number: tickets)
        do throws(TaskError) {
            if options.tiles != nil, case .detect(let labels) = task {
                let job = try tiledJob(ticket, id, labels, options, image, cancellation)
                tiled.append(job)
                return ticket
            }
            let job = try batchJob(task, options, image, cancellation)
            job.streams = streams
            open[ObjectIdentifier(job)] = (ticket, id)
            batcher.submit(job)
        } catch {
            unclaimed.append(EndedJob(ticket: ticket, outcome: .failure(error)))
        }
        return ticket
    }

    /// Does a bounded slice of work: at most one more token for every sequence, and some layers for newcomers.
    /// - Returns: the tasks that have ended.
    public func advance() -> [EndedJob] {
        defer { unclaimed = [] }
        return (unclaimed + (batcher.isIdle ? [] : batcher.advance(at: .now).map(ended))).compactMap(settled)
    }

    /// What it has done so far.
    public var counters: EngineCounters { batcher.counters }

    /// What is settled of tasks that stream, where that became more since it was asked last. A task that has ended is told of
    /// by its outcome alone.
    public func news() -> [PartialAnswer] {
        batcher.jobs.filter(\.hasNews).compactMap { job in
            job.hasNews = false
            guard let ticket = open[ObjectIdentifier(job)]?.ticket, let answer = settledAnswer(job) else { return nil }
            return PartialAnswer(ticket: ticket, caption: answer.caption, entities: answer.entities)
        }
    }

    /// What a job has written so far of its one prompt.
    func settled(_ job: BatchJob) -> Generation? { batcher.settled(job) }

    /// Whether there is nothing to do and nothing to tell.
    public var isIdle: Bool { batcher.isIdle && unclaimed.isEmpty }

    /// Answers one task: submits it and advances until it has ended. Others that are under way go on beside it.
    /// - Throws: `invalidArgument` with the fields at fault, `cancelled`, `deadlineExceeded`, `resourceExhausted`
    ///   or `internal`.
    public func run(
        id: String, task: GroundingTask, options: GenerationOptions = GenerationOptions(), image: [UInt8],
        cancellation: CancellationFlag = CancellationFlag(), onEvent: ((GroundingEvent) -> Void)? = nil
    ) throws(TaskError) -> GroundingResult {
        let ticket = submit(
            id: id, task: task, options: options, image: image, streams: onEvent != nil, cancellation: cancellation)
        var others: [EndedJob] = []
        var trail = EventTrail()
        while true {
            let ended = advance()
            others += ended.filter { $0.ticket != ticket }
            for news in news() where news.ticket == ticket {
                for event in trail.events(caption: news.caption, entities: news.entities) { onEvent?(event) }
            }
            guard let mine = ended.first(where: { $0.ticket == ticket }) else { continue }
            unclaimed += others
            let result = try mine.outcome.get()
            if let onEvent { trail.rest(of: result).forEach(onEvent) }
            return result
        }
    }

    /// What the model believed while it wrote the boxes of each label, for those who compare scores.
    package func beliefs(labels: [String], options: GenerationOptions, image: [UInt8]) throws(TaskError)
        -> [[BoxBelief]]
    {
        let job = try batchJob(
            .detect(labels: labels), options, image, CancellationFlag(), comparesWithAll: true)
        batcher.submit(job)
        while job.outcome == nil {
            unclaimed += batcher.advance(at: .now).filter { $0 !== job }.map(ended)
        }
        return try job.outcome!.get().generations.map(beliefs)
    }

    private func batchJob(
        _ task: GroundingTask, _ options: GenerationOptions, _ image: [UInt8], _ cancellation: CancellationFlag,
        comparesWithAll: Bool = false
    ) throws(TaskError) -> BatchJob {
        let violations = TaskValidation.violations(task, options)
        guard violations.isEmpty else { throw TaskError(violations: violations) }
        try cancellation.check()
        let job = try job(task, options)
        let budget = try budget(for: job)
        var plan = plan(job, budget)
        plan.comparesWithAll = comparesWithAll
        let capacity = encoder.prefix.count + (job.prompts.map(\.count).max() ?? 0) + budget
        let (rows, caches) = Self.sequences(job, plan)
        let perToken = model.cacheBytesPerToken
        return BatchJob(
            job, plan: plan, image: image, capacity: capacity,
            prefix: SequenceRoom(bytes: encoder.prefix.count * perToken),
            each: SequenceRoom(rows: min(rows, batcher.limit.rows), bytes: caches * capacity * perToken),
            cancellation: cancellation, at: .now)
    }

    /// How many rows of a step one prompt takes at most, and how many caches.
    private static func sequences(_ job: Job, _ plan: GenerationPlan) -> (rows: Int, caches: Int) {
        if job.alignment != nil {
            return (alignmentWidth, AlignmentContinuation<KeyValueCache>.caches(width: alignmentWidth))
        }
        guard case .beam(let width) = plan.decoding else { return (1, 1) }
        return (width, width)
    }

    private func ended(_ job: BatchJob) -> EndedJob {
        guard let (ticket, id) = open.removeValue(forKey: ObjectIdentifier(job)), let outcome = job.outcome else {
            preconditionFailure("a job ended that nobody submitted")
        }
        var watch = Stopwatch()
        let answer = outcome.map { result(id: id, job: job, output: $0) }
        _ = watch.lap()
        if case .success = answer { job.stages.note(.parse, watch) }
        return EndedJob(ticket: ticket, outcome: answer, firstToken: job.firstToken, stages: job.stages)
    }

    private func job(_ task: GroundingTask, _ options: GenerationOptions) throws(TaskError) -> Job {
        Job(
            task: task, options: options, prompts: PromptBuilder.prompts(for: task).map(encoder.text),
            alignment: try alignment(task))
    }

    /// A task that has ended, unless it was for a part of a picture: then the whole, once all its parts have ended.
    private func settled(_ ended: EndedJob) -> EndedJob? {
        guard let index = tiled.firstIndex(where: { $0.isWaiting(for: ended.ticket) }) else { return ended }
        guard let outcome = tiled[index].settle(ended) else { return nil }
        let whole = tiled.remove(at: index)
        return EndedJob(ticket: whole.ticket, outcome: outcome, stages: whole.stages)
    }

    /// The tokens that may be generated per prompt.
    /// - Throws: `invalidArgument` when prompt and new tokens exceed the context.
    private func budget(for job: Job) throws(TaskError) -> Int {
        let prompt = encoder.prefix.count + (job.prompts.map(\.count).max() ?? 0)
        let room = limits.contextTokens - prompt
        let needed = job.options.maxNewTokens ?? min(job.defaultMaxNewTokens, max(room, 1))
        guard needed <= room else {
            let field = job.options.maxNewTokens == nil ? "prompt" : "max_new_tokens"
            throw TaskError(violations: [
                FieldViolation(
                    field,
                    "asks for \(prompt) prompt and \(needed) new tokens; the model's context holds \(limits.contextTokens)"
                )
            ])
        }
        if job.isPhraseByPhrase, needed < ObjectGrammar.boxTokens {
            throw TaskError(violations: [
                FieldViolation("max_new_tokens", "is \(needed); one box takes \(ObjectGrammar.boxTokens)")
            ])
        }
        try job.alignment?.check(job.options, budget: needed)
        return needed
    }
}

/// What is settled of a task's result: the caption and the entities will begin with these.
public struct PartialAnswer: Sendable {
    public let ticket: JobTicket
    public let caption: String
    public let entities: [Entity]
}

/// A task that an engine has taken on.
public struct JobTicket: Hashable, Sendable {
    let number: UInt64
}

/// How a task ended.
public struct EndedJob: Sendable {
    public let ticket: JobTicket
    public let outcome: Result<GroundingResult, TaskError>
    /// Milliseconds from its submission to its first token; `nil` where there was none.
    package var firstToken: Double?
    /// Those that it had; with tiles those of all parts.
    public var stages: [StageRun] = []
}

/// A task with its prompts as ids.
struct Job {
    var task: GroundingTask
    var options: GenerationOptions
    /// The ids after the prefix that all prompts share.
    var prompts: [[Int]]
    /// For `align`: how its caption is copied.
    var alignment: AlignmentGrammar?

    var defaultMaxNewTokens: Int { alignment?.mostTokens ?? PromptBuilder.defaultMaxNewTokens(for: task) }

    /// The least score of a box, where that decides what is in the picture; `nil` where the likeliest token does.
    var leastScore: Double? {
        switch task {
        case .detect: options.threshold ?? GenerationOptions.detectThreshold
        case .ground, .align: options.threshold
        case .caption, .refer, .describe, .ask, .generate: nil
        }
    }

    /// Whether the answer is boxes for given phrases, and nothing else.
    var isPhraseByPhrase: Bool {
        switch task {
        case .detect, .ground, .refer: true
        case .caption, .align, .describe, .ask, .generate: false
        }
    }
}
