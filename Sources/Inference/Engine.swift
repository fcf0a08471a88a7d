// SPDX-License-Identifier: MIT

import Checkpoints
public import Grounding
import Imaging
public import Kosmos2
import Tensors
import Tokenization

/// Answers grounding tasks: picture and task in, result out.
///
/// One thread owns an engine; it is deliberately not `Sendable`. The same picture, task and options give the same
/// result, whatever the engine did before; only the timing and `imageCacheHit` differ.
public final class Engine {
    public let identity: ModelIdentity
    public let limits: EngineLimits
    /// Counts tokens and layers; see `Kosmos2Model.progress`.
    public let model: Kosmos2Model

    let options: EngineOptions
    let encoder: PromptEncoder
    private var pictures: RecentlyUsed<String, EncodedPicture>

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
        pictures = RecentlyUsed(capacity: options.imageCacheEntries)
    }

    /// Answers one task.
    /// - Parameters:
    ///   - id: repeated in the result.
    ///   - image: the bytes of a JPEG or PNG file.
    /// - Throws: `invalidArgument` with the fields at fault, `cancelled`, `deadlineExceeded`, `resourceExhausted`
    ///   or `internal`.
    public func run(
        id: String, task: GroundingTask, options: GenerationOptions = GenerationOptions(), image: [UInt8],
        cancellation: CancellationFlag = CancellationFlag()
    ) throws(TaskError) -> GroundingResult {
        if let tiling = options.tiles, case .detect(let labels) = task {
            return try tiled(
                id: id, labels: labels, options: options, tiling: tiling, image: image, cancellation: cancellation)
        }
        let answered = try answer(task, options, image, cancellation)
        return result(
            id: id, job: answered.job, output: answered.output, picture: answered.picture, isHit: answered.isHit,
            timing: answered.timing)
    }

    /// What the model believed while it wrote the boxes of each label, for those who compare scores.
    package func beliefs(labels: [String], options: GenerationOptions, image: [UInt8]) throws(TaskError)
        -> [[BoxBelief]]
    {
        let answered = try answer(.detect(labels: labels), options, image, CancellationFlag())
        return answered.output.generations.map(beliefs)
    }

    /// A task's tokens, and what led to them.
    private struct Answered {
        var job: Job
        var output: JobOutput
        var picture: ImageDescription
        var isHit: Bool
        var timing: Timing
    }

    private func answer(
        _ task: GroundingTask, _ options: GenerationOptions, _ image: [UInt8], _ cancellation: CancellationFlag
    ) throws(TaskError) -> Answered {
        let violations = TaskValidation.violations(task, options)
        guard violations.isEmpty else { throw TaskError(violations: violations) }
        var watch = Stopwatch()
        try cancellation.check()
        let job = try job(task, options)
        let budget = try budget(for: job)
        var timing = Timing()
        let (picture, isHit) = try picture(image, watch: &watch, timing: &timing, cancellation: cancellation)
        try cancellation.check()
        let output = try generate(
            job, maxNewTokens: budget, picture: picture.embeddings, timing: &timing, cancellation: cancellation)
        timing.total = watch.total
        return Answered(job: job, output: output, picture: picture.description, isHit: isHit, timing: timing)
    }

    private func job(_ task: GroundingTask, _ options: GenerationOptions) throws(TaskError) -> Job {
        Job(
            task: task, options: options, prompts: PromptBuilder.prompts(for: task).map(encoder.text),
            alignment: try alignment(task))
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

    /// Decodes and encodes a picture, or finds it among the last ones.
    private func picture(
        _ bytes: [UInt8], watch: inout Stopwatch, timing: inout Timing, cancellation: CancellationFlag
    ) throws(TaskError) -> (EncodedPicture, isHit: Bool) {
        let digest = EncodedPicture.digest(bytes)
        if let known = pictures.value(for: digest) { return (known, true) }
        let image: RGBImage
        do {
            image = try ImageDecoder.decode(bytes, limits: options.imageLimits, mode: .boxwood)
        } catch {
            throw TaskError(error)
        }
        let side = model.imageSide
        let pixels = Preprocessor.normalize(Preprocessor.squash(image, side: side), side: side)
        timing.decodeImage = watch.lap()
        try cancellation.check()
        let embeddings = model.encodeImage(pixels)
        timing.vision = watch.lap()
        let description = ImageDescription(
            width: image.width, height: image.height, sha256: digest, orientation: image.orientation)
        let picture = EncodedPicture(description: description, embeddings: embeddings)
        pictures.insert(picture, for: digest)
        return (picture, false)
    }
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
