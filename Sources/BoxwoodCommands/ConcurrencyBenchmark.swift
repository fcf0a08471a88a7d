// SPDX-License-Identifier: MIT
import Grounding
import Imaging
import Inference

/// Times many jobs side by side in one engine: captions of pictures that all differ, submitted at the same moment.
struct ConcurrencyBenchmark {
    private let engine: Engine
    private let picture: RGBImage
    private let tokens: Int

    /// - Parameters:
    ///   - picture: each job's is this one with other first pixels.
    ///   - tokens: the most that each job may generate.
    init(_ engine: Engine, picture: RGBImage, tokens: Int) {
        (self.engine, self.picture, self.tokens) = (engine, picture, tokens)
    }

    /// Measures one number of jobs, some times.
    func measure(jobs: Int, repeats: Int) throws -> EngineBenchmarkReport.Concurrency {
        let pictures = try (0..<jobs).map(picture)
        let rounds = try (0..<repeats).map { _ in try round(pictures) }
        return .init(
            jobs: jobs, total: Measurement(rounds.map(\.total)),
            tokenRate: Measurement(rounds.map { Double($0.tokens) / $0.total }),
            token: Measurement(rounds.map(\.token)), firstToken: Measurement(rounds.map(\.firstToken)))
    }

    private func round(_ pictures: [[UInt8]]) throws -> Round {
        let begin = ContinuousClock.now
        for (index, bytes) in pictures.enumerated() {
            _ = engine.submit(
                id: "\(index)", task: .caption(detail: .detailed, grounded: true),
                options: GenerationOptions(maxNewTokens: tokens), image: bytes)
        }
        var ended: [EndedJob] = []
        while !engine.isIdle { ended += engine.advance() }
        let total = (ContinuousClock.now - begin) / .seconds(1)
        return try Round(total: total, jobs: ended)
    }

    /// The picture with another first pixel, so that nothing of one job is known to the next.
    private func picture(_ number: Int) throws -> [UInt8] {
        var pixels = picture.pixels
        pixels[0] = UInt8(number % 256)
        return try PNGEncoder.encode(RGBImage(width: picture.width, height: picture.height, pixels: pixels))
    }
}

/// What one round of jobs took, in seconds.
private struct Round {
    /// Until the last one had ended.
    let total: Double
    let tokens: Int
    /// Until the first token of each: the mean.
    let firstToken: Double
    /// From one token of a job to its next: the mean over all tokens.
    let token: Double

    init(total: Double, jobs: [EndedJob]) throws {
        self.total = total
        let results = try jobs.map { try $0.outcome.get() }
        let firsts = jobs.map { ($0.firstToken ?? 0) / 1000 }
        tokens = results.reduce(0) { $0 + $1.usage.generatedTokens }
        firstToken = firsts.reduce(0, +) / Double(max(1, jobs.count))
        let decoding = zip(results, firsts).reduce(0) { $0 + $1.0.timing.total / 1000 - $1.1 }
        token = decoding / Double(max(1, tokens - jobs.count))
    }
}
