// SPDX-License-Identifier: MIT
import Checkpoints
import Grounding
import Imaging
import Inference
import Kernels
import Kosmos2
import Tensors

/// Times an engine on this machine: the picture, the prompt, the tokens, and what the machine would allow.
///
/// Every figure comes from the public path of a request. Nothing is cached between repeats, and one unmeasured pass comes
/// first: it brings the weights into memory.
package struct EngineBenchmark {
    /// 71 tokens with the picture of the published model.
    private static let prompt = "<grounding> An image of"
    /// A memory probe is at least so large, and so many times the largest cache.
    private static let (probeBytes, probeCaches) = (256 << 20, 4)
    private static let probeRuns = 5

    private let options: EngineBenchmarkOptions
    private let report: (_ stage: String) -> Void

    /// - Parameter report: told what begins now.
    package init(_ options: EngineBenchmarkOptions, report: @escaping (_ stage: String) -> Void = { _ in }) {
        self.options = options
        self.report = report
    }

    /// - Throws: `TaskError` where the request is at fault, and what opening the model throws.
    package func run() throws -> EngineBenchmarkReport {
        let picture = try decoded()
        Kernels.setThreads(options.engine.threads)
        let (readCeiling, productCeiling) = ceilings()
        ProcessMemory.resetPeak()
        let loading = try load()
        let engine = loading.engine
        let runs = try sequences(engine, picture)
        let detection = try options.labels > 0 ? detect(engine, picture) : nil
        let concurrency = try concurrent(engine, picture)
        let (private_, peak) = (ProcessMemory.unshareable ?? 0, ProcessMemory.peakResident ?? 0)
        let checkpoint = try Checkpoint(folder: options.modelFolder)
        let weights = DecoderWeights.byteCount(
            checkpoint, options.engine.precision, cacheFolder: options.engine.cacheFolder)
        let token = Measurement(runs.map(\.token))
        let ttft = Measurement(runs.map(\.firstToken))
        let total = Measurement(runs.map(\.total))
        let work = ModelWork(engine.model.configuration)
        let operations = work.vision + work.prefill(tokens: prompt(engine).count)
        return EngineBenchmarkReport(
            setup: .init(options, identity: engine.identity, promptTokens: prompt(engine).count),
            vision_s: Measurement(runs.map(\.vision)), ttft_s: ttft, token_s: token, total_s: total,
            pictures_per_s: total.rate(of: Double(options.batch)), peak_rss_bytes: Measurement(Double(peak)),
            private_bytes: Measurement(Double(private_)), read_gb_per_s: token.rate(of: Double(weights) / 1e9),
            read_ceiling_gb_per_s: readCeiling, gflops: ttft.rate(of: Double(options.batch) * operations / 1e9),
            gflops_ceiling: productCeiling, start_s: Measurement(loading.starts),
            quantise_s: Measurement(loading.quantising), detect: detection,
            concurrency: concurrency)
    }

    private func decoded() throws -> RGBImage {
        guard let bytes = options.picture else { return BenchmarkPicture.image }
        do {
            return try ImageDecoder.decode(bytes, limits: options.engine.imageLimits, mode: .boxwood)
        } catch {
            throw TaskError(.invalidArgument, error.message)
        }
    }

    /// What the machine gives where nothing else gets in the way: gigabytes and arithmetic, per second.
    private func ceilings() -> (read: Measurement, product: Measurement) {
        report("measuring the machine")
        let bytes = max(Self.probeBytes, Self.probeCaches * (Processor.largestCache ?? 0))
        let memory = MemoryProbe(byteCount: bytes)
        let reads = seconds(Self.probeRuns) {
            precondition(memory.read(), "memory probe: the bytes are not those written")
        }
        let product = ProductProbe(rows: 512, inputs: 2048, outputs: 8192)
        let products = seconds(Self.probeRuns) { _ = product.run() }
        return (reads.rate(of: Double(memory.byteCount) / 1e9), products.rate(of: product.operations / 1e9))
    }

    private struct Loading {
        var engine: Engine
        var starts: [Double] = []
        var quantising: Double = 0
    }

    /// Opens the engine `repeats` times from weights that are ready, after making them ready where they are not.
    private func load() throws -> Loading {
        report("loading the model")
        var engineOptions = options.engine
        // A picture that is known would cost nothing.
        engineOptions.pictureCacheBytes = 0
        var last: ContinuousClock.Instant?
        let begin = ContinuousClock.now
        var engine: Engine? = try Engine(modelFolder: options.modelFolder, options: engineOptions) { done, total in
            report("quantising, \(100 * done / max(1, total)) %")
            last = .now
        }
        var loading = [Double]()
        for _ in 0..<options.repeats {
            engine = nil
            let begin = ContinuousClock.now
            engine = try Engine(modelFolder: options.modelFolder, options: engineOptions)
            loading.append(Self.seconds(since: begin))
        }
        let quantising = last.map { ($0 - begin) / .seconds(1) } ?? 0
        return Loading(engine: engine!, starts: loading, quantising: quantising)
    }

    private struct Run {
        var vision = 0.0
        var firstToken = 0.0
        var token = 0.0
        var total = 0.0
    }

    private func prompt(_ engine: Engine) -> [Int] {
        let encoder = PromptEncoder(engine.model.tokenizer, imageTokens: engine.model.imageTokens)
        return encoder.prefix + PromptBuilder.prompts(for: .generate(prompt: Self.prompt)).flatMap(encoder.text)
    }

    /// Greedy continuations of a batch, none of which ends early.
    private func sequences(_ engine: Engine, _ picture: RGBImage) throws -> [Run] {
        let (model, prompt) = (engine.model, prompt(engine))
        guard prompt.count + options.tokens <= model.contextTokens else {
            throw TaskError(
                .invalidArgument,
                "--tokens asks for \(options.tokens) behind a prompt of \(prompt.count); the model's context holds "
                    + "\(model.contextTokens)")
        }
        let pixels = Preprocessor.normalize(
            Preprocessor.squash(picture, side: model.imageSide), side: model.imageSide)
        let caches = (0..<options.batch).map { _ in model.makeCache(capacity: prompt.count + options.tokens) }
        return (0...options.repeats).map { index in
            report(index == 0 ? "warming up" : "decoding, \(index) of \(options.repeats)")
            for cache in caches { cache.reset() }
            return run(model, prompt, pixels, caches, tokens: index == 0 ? 2 : options.tokens)
        }.suffix(options.repeats)
    }

    private func run(
        _ model: Kosmos2Model, _ prompt: [Int], _ pixels: [Float], _ caches: [KeyValueCache], tokens: Int
    ) -> Run {
        var run = Run()
        let begin = ContinuousClock.now
        let pictures = embeddings(of: caches.map { _ in pixels }, model)
        run.vision = Self.seconds(since: begin)
        let prefill = model.decoderPass(
            zip(pictures, caches).map {
                .init(prompt, image: PlacedImage($0, at: PromptEncoder.imagePosition), cache: $1)
            })
        prefill.finish()
        var next = Self.likeliest(prefill.logits())
        run.firstToken = Self.seconds(since: begin)
        for _ in 1..<tokens { next = Self.likeliest(model.step(tokens: next, caches: caches)) }
        run.total = Self.seconds(since: begin)
        run.token = (run.total - run.firstToken) / Double(tokens - 1)
        return run
    }

    /// As many at a time as an engine takes.
    private func embeddings(of pictures: [[Float]], _ model: Kosmos2Model) -> [Tensor] {
        stride(from: 0, to: pictures.count, by: AdmissionPolicy.pictures).flatMap { first in
            let pass = model.visionPass(Array(pictures[first...].prefix(AdmissionPolicy.pictures)))
            pass.finish()
            return pass.embeddings
        }
    }

    /// The likeliest token of each row.
    private static func likeliest(_ logits: Logits) -> [Int] {
        let rows = LogitRows(logits)
        return (0..<logits.values.shape[0]).map { rows.next($0).greedy(.any, blocked: []) }
    }

    /// One picture, many labels, as a request: its file is decoded and its vision computed each time.
    private func detect(_ engine: Engine, _ picture: RGBImage) throws -> EngineBenchmarkReport.Detection {
        let bytes = try options.picture ?? PNGEncoder.encode(picture)
        let task = GroundingTask.detect(labels: EngineBenchmarkOptions.labels(options.labels))
        var samples: [Double] = []
        var generated = 0
        for index in 1...options.repeats {
            report("detecting \(options.labels) labels, \(index) of \(options.repeats)")
            let begin = ContinuousClock.now
            let result = try engine.run(id: "bench", task: task, image: bytes)
            samples.append(Self.seconds(since: begin))
            generated = result.usage.generatedTokens
        }
        return .init(seconds: Measurement(samples), generatedTokens: generated)
    }

    /// Jobs side by side; one that does not count comes first.
    private func concurrent(_ engine: Engine, _ picture: RGBImage) throws -> [EngineBenchmarkReport.Concurrency] {
        guard !options.jobs.isEmpty else { return [] }
        let benchmark = ConcurrencyBenchmark(engine, picture: picture, tokens: options.tokens)
        report("warming up")
        _ = try benchmark.measure(jobs: 1, repeats: 1)
        return try options.jobs.map { jobs in
            report("\(jobs) jobs side by side")
            return try benchmark.measure(jobs: jobs, repeats: options.repeats)
        }
    }

    private func seconds(_ count: Int, _ body: () -> Void) -> Measurement {
        Measurement(
            (0..<count).map { _ in
                let begin = ContinuousClock.now
                body()
                return Self.seconds(since: begin)
            })
    }

    private static func seconds(since begin: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - begin) / .seconds(1)
    }
}
