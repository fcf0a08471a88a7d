// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Inference
import Kosmos2
import Testing

/// What holds at every precision: whole requests give the same bits however they are computed, and eight bits find what
/// single precision finds.
@Suite("Precisions", .serialized, .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
final class PrecisionTests {
    private let cache = FileManager.default.temporaryDirectory.appending(path: "boxwood-" + UUID().uuidString).path

    deinit {
        try? FileManager.default.removeItem(atPath: cache)
    }

    private func engine(_ precision: Precision, threads: Int = 1, batch: Int = 8) throws -> Engine {
        try NanoModel.engine(
            EngineOptions(threads: threads, precision: precision, cacheFolder: cache, batchSize: batch))
    }

    private static let labels = [
        "penguin", "lemon", "cat", "a red disc", "guitar", "heart", "the boat", "apple", "sun",
    ]

    private func scene() throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: NanoModel.folder + "/samples/scene-1.jpg")))
    }

    private func detect(_ engine: Engine, _ labels: [String]) throws -> GroundingResult {
        try engine.run(id: "1", task: .detect(labels: labels), image: scene()).lasting
    }

    @Test("Alone, in any batch, on any number of threads: the same bits", arguments: Precision.allCases)
    func invariance(precision: Precision) throws {
        let together = try detect(engine(precision), Self.labels)
        #expect(!together.entities.isEmpty)
        for (threads, batch) in [(1, 1), (1, 3), (2, 8)] {
            let other = try detect(engine(precision, threads: threads, batch: batch), Self.labels)
            #expect(other == together, "\(threads) threads, batches of \(batch)")
        }
        for label in Self.labels {
            let alone = try detect(engine(precision), [label])
            #expect(alone.entities.map(\.boxes) == together.entities.filter { $0.label == label }.map(\.boxes))
        }
    }

    @Test("Eight bits find what single precision finds, nearly as surely")
    func agreement() throws {
        let (exact, rounded) = (try detect(engine(.f32), Self.labels), try detect(engine(.q8), Self.labels))
        #expect(exact.model.precision == "f32" && rounded.model.precision == "q8")
        #expect(exact.entities.map(\.label) == rounded.entities.map(\.label))
        let scores = zip(exact.entities.flatMap(\.boxes), rounded.entities.flatMap(\.boxes))
        for (a, b) in scores {
            // A corner may move to the next cell where two are about equally likely.
            #expect(overlap(a.normalized, b.normalized) > 0.7)
            #expect(abs((a.score ?? 0) - (b.score ?? 0)) < 0.05)
        }
        #expect(exact != rounded, "the precisions are told apart by more than their names")
    }

    private func overlap(_ a: NormalizedBox, _ b: NormalizedBox) -> Double {
        let width = max(0, min(a.xmax, b.xmax) - max(a.xmin, b.xmin))
        let height = max(0, min(a.ymax, b.ymax) - max(a.ymin, b.ymin))
        func area(_ box: NormalizedBox) -> Double { (box.xmax - box.xmin) * (box.ymax - box.ymin) }
        return width * height / (area(a) + area(b) - width * height)
    }

    @Test("Quantised weights are made once, and again when they are damaged")
    func cached() throws {
        var reports = 0
        func open() throws -> GroundingResult {
            reports = 0
            let options = EngineOptions(precision: .q8, cacheFolder: cache)
            let engine = try Engine(modelFolder: NanoModel.folder, options: options) { _, _ in reports += 1 }
            return try detect(engine, ["penguin"])
        }
        let first = try open()
        #expect(reports > 0)
        let second = try open()
        #expect(reports == 0)
        let file = try #require(
            FileManager.default.contentsOfDirectory(atPath: cache).first { $0.hasSuffix(".safetensors") })
        let path = cache + "/" + file
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try whole.dropLast(1000).write(to: URL(fileURLWithPath: path))
        let third = try open()
        #expect(reports > 0)
        #expect(first == second && second == third)
    }

    @Test("A cache folder that cannot be made is said")
    func noFolder() throws {
        let options = EngineOptions(precision: .q8, cacheFolder: "/dev/null/caches")
        #expect { try Engine(modelFolder: NanoModel.folder, options: options) } throws: {
            "\($0)".contains("/dev/null/caches")
        }
    }
}
