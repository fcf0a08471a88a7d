// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Imaging
import Inference
import Kosmos2
import Testing

/// What a request gets does not depend on what runs beside it, when it came, or on which engine it ran.
@Suite("Batches", .serialized, .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
final class BatchingTests {
    private let cache = FileManager.default.temporaryDirectory.appending(path: "boxwood-" + UUID().uuidString).path

    deinit {
        try? FileManager.default.removeItem(atPath: cache)
    }

    private func engine(
        _ precision: Precision = .f32, threads: Int = 1, pictures: Int = EngineOptions.defaultPictureCacheBytes,
        batch: Int = EngineOptions.defaultBatchSize, bytes: Int = EngineOptions.defaultSequenceCacheBytes
    ) throws -> Engine {
        try NanoModel.engine(
            EngineOptions(
                threads: threads, precision: precision, cacheFolder: cache, pictureCacheBytes: pictures,
                batchSize: batch, sequenceCacheBytes: bytes))
    }

    /// One of many kinds of request; each number is another.
    private struct Request {
        let number: Int
        let task: GroundingTask
        let options: GenerationOptions
        let picture: [UInt8]

        static let tasks: [GroundingTask] = [
            .caption(detail: .brief, grounded: true), .detect(labels: ["red disc", "blue square", "heart"]),
            .refer(expression: "the blue square"), .caption(detail: .detailed, grounded: false),
            .ground(sentence: "a red disc and a blue square", phrases: [0..<10, 15..<28]),
            .ask(question: "What is red?", grounded: true), .detect(labels: (0..<20).map { "thing \($0)" }),
            .describe(box: NormalizedBox(xmin: 0.5, ymin: 0.1, xmax: 0.9, ymax: 0.7)), .generate(prompt: "a"),
        ]
        static let decodings: [Decoding] = [
            .greedy, .beam(width: 3), .sample(temperature: 0.8, topP: 0.9, seed: 7),
            .sample(temperature: 1.5, topP: 1, seed: 8),
        ]

        init(_ number: Int) throws {
            self.number = number
            task = Self.tasks[number % Self.tasks.count]
            let decoding = Self.decodings[number / Self.tasks.count % Self.decodings.count]
            options = GenerationOptions(
                maxNewTokens: 6 + number % 19, decoding: decoding, noRepeatNgram: number % 2 == 0 ? 0 : 3)
            picture = try NanoModel.picture(shade: UInt8(100 + number % 7 * 10))
        }

        func run(on engine: Engine) throws -> GroundingResult {
            try engine.run(id: "\(number)", task: task, options: options, image: picture).lasting
        }

        func submit(to engine: Engine, _ flag: CancellationFlag) -> JobTicket {
            engine.submit(id: "\(number)", task: task, options: options, image: picture, cancellation: flag)
        }
    }

    private static let requests = 36

    /// Requests come at random while others run, and some are given up; nothing of that shows in an answer.
    private func answers(
        _ requests: [Request], on engine: Engine, seed: UInt64, side: Int = 32
    ) throws -> [Int: GroundingResult] {
        var random = SplitMix64(seed: seed)
        var open: [JobTicket: (number: Int?, flag: CancellationFlag)] = [:]
        var waiting = requests.shuffled(using: &random)
        var answers: [Int: GroundingResult] = [:]
        while !waiting.isEmpty || !open.isEmpty {
            if let request = waiting.last, open.count < side, random.unit() < 0.7 {
                let isNoise = random.unit() < 0.25
                if !isNoise { waiting.removeLast() }
                let flag = CancellationFlag()
                open[request.submit(to: engine, flag)] = (isNoise ? nil : request.number, flag)
            }
            if random.unit() < 0.1 { open.values.first { $0.number == nil }?.flag.cancel() }
            for ended in engine.advance() {
                let entry = open.removeValue(forKey: ended.ticket)
                guard let number = try #require(entry).number else { continue }
                answers[number] = try ended.outcome.get().lasting
            }
        }
        #expect(engine.isIdle)
        return answers
    }

    @Test(
        "Alone, among random others that come and go, and on other engines: the same bits",
        arguments: Precision.allCases)
    func invariance(precision: Precision) throws {
        let requests = try (0..<Self.requests).map(Request.init)
        let engine = try engine(precision)
        let alone = try requests.map { try $0.run(on: engine) }
        #expect(Set(alone.map(\.text)).count > Self.requests / 2, "the requests are different ones")
        let crowded = try answers(requests, on: self.engine(precision), seed: 1)
        let elsewhere = try answers(requests, on: self.engine(precision, threads: 2, pictures: 0), seed: 2)
        let cramped = try answers(requests, on: self.engine(precision, batch: 5, bytes: 8_000_000), seed: 3, side: 12)
        for (request, expected) in zip(requests, alone) {
            #expect(crowded[request.number] == expected, "crowded: \(request.task), \(request.options)")
            #expect(elsewhere[request.number] == expected, "elsewhere: \(request.task), \(request.options)")
            #expect(cramped[request.number] == expected, "cramped: \(request.task), \(request.options)")
        }
    }

    /// Runs until all have ended; tickets in the order of their ends.
    private func drain(_ engine: Engine) -> [EndedJob] {
        var ended: [EndedJob] = []
        while !engine.isIdle { ended += engine.advance() }
        return ended
    }

    @Test("A job of many labels does not keep back one of a single label")
    func fairness() throws {
        let engine = try engine(batch: 4)
        let many = engine.submit(
            id: "many", task: .detect(labels: (0..<200).map { "label \($0)" }), image: try NanoModel.picture())
        for _ in 0..<20 { #expect(engine.advance().isEmpty) }
        let one = engine.submit(
            id: "one", task: .detect(labels: ["red disc"]), image: try NanoModel.picture(shade: 90))
        let ended = drain(engine)
        #expect(ended.map(\.ticket) == [one, many])
        #expect(ended.allSatisfy { (try? $0.outcome.get()) != nil })
    }

    @Test("No part of a job's time is counted twice")
    func timing() throws {
        let engine = try engine()
        for index in 0..<3 {
            let labels = (0..<40).map { "label \($0)" }
            _ = engine.submit(
                id: "\(index)", task: .detect(labels: labels), image: try NanoModel.picture(shade: UInt8(index)))
        }
        for end in drain(engine) {
            let timing = try end.outcome.get().timing
            let parts = [timing.decodeImage, timing.vision, timing.prefill, timing.generate]
            #expect(parts.allSatisfy { $0 > 0 } && parts.reduce(0, +) <= timing.total)
        }
    }

    @Test("A newcomer joins those who decode, and may leave before them")
    func joins() throws {
        let engine = try engine()
        let labels = (0..<200).map { "label \($0)" }
        let long = engine.submit(id: "long", task: .detect(labels: labels), image: try NanoModel.picture())
        for _ in 0..<8 { #expect(engine.advance().isEmpty) }
        let short = engine.submit(
            id: "short", task: .refer(expression: "the disc"), image: try NanoModel.picture(shade: 90))
        #expect(drain(engine).map(\.ticket) == [short, long])
    }

    @Test("A beam search goes on beside another job, token by token")
    func beamsShare() throws {
        let engine = try engine()
        let beams = GenerationOptions(maxNewTokens: 60, decoding: .beam(width: 4))
        let wide = engine.submit(id: "w", task: .generate(prompt: "a"), options: beams, image: try NanoModel.picture())
        let plain = engine.submit(id: "p", task: .refer(expression: "a disc"), image: try NanoModel.picture())
        #expect(drain(engine).map(\.ticket) == [plain, wide])
    }

    @Test("Whoever gives up, or runs out of time, leaves the others alone", arguments: [1, 3, 6, 12])
    func cancellation(slices: Int) throws {
        let (engine, request) = (try engine(), try Request(3))
        let alone = try request.run(on: engine)
        let (flag, late) = (CancellationFlag(), CancellationFlag(deadline: .now + .milliseconds(1)))
        let kept = request.submit(to: engine, CancellationFlag())
        let long = GroundingTask.detect(labels: (0..<300).map { "label \($0)" })
        let (gone, slow) = try (
            engine.submit(id: "gone", task: long, image: NanoModel.picture(shade: 1), cancellation: flag),
            engine.submit(id: "slow", task: long, image: NanoModel.picture(shade: 2), cancellation: late)
        )
        var ended = (0..<slices).flatMap { _ in engine.advance() }
        flag.cancel()
        Thread.sleep(forTimeInterval: 0.002)
        ended += drain(engine)
        let outcomes = Dictionary(uniqueKeysWithValues: ended.map { ($0.ticket, $0.outcome) })
        #expect(try outcomes[kept]?.get().lasting == alone)
        #expect(throws: TaskError(.cancelled, "the call was cancelled")) { try outcomes[gone]?.get() }
        #expect { try outcomes[slow]?.get() } throws: { ($0 as? TaskError)?.code == .deadlineExceeded }
    }

    @Test("A picture that cannot be read ends its own jobs alone")
    func badPicture() throws {
        let (engine, request) = (try engine(), try Request(0))
        let alone = try request.run(on: engine)
        let bad = (0..<2).map { engine.submit(id: "\($0)", task: request.task, image: [1, 2, 3]) }
        let good = request.submit(to: engine, CancellationFlag())
        let ended = drain(engine)
        #expect(Set(ended.map(\.ticket)) == Set(bad + [good]))
        for end in ended where end.ticket != good {
            #expect { try end.outcome.get() } throws: { ($0 as? TaskError)?.violations.map(\.field) == ["image"] }
        }
        #expect(try ended.first { $0.ticket == good }?.outcome.get().lasting == alone)
    }

    @Test("What ends while somebody waits for another is told later")
    func unclaimed() throws {
        let engine = try engine()
        let first = try Request(2).submit(to: engine, CancellationFlag())
        _ = try Request(3).run(on: engine)
        #expect(drain(engine).map(\.ticket) == [first])
    }
}
