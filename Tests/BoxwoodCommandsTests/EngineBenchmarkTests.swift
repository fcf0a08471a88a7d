// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Foundation
import Grounding
import Inference
import Kosmos2
import TestSupport
import Testing

@Suite("The benchmark of the engine")
struct EngineBenchmarkTests {
    private typealias Options = EngineBenchmarkOptions

    private static let nano = Goldens.packageRoot + "/models/boxwood-nano"
    private static let figures = [
        "vision_s", "ttft_s", "token_s", "total_s", "pictures_per_s", "peak_rss_bytes", "private_bytes",
        "read_gb_per_s", "read_ceiling_gb_per_s", "gflops", "gflops_ceiling", "start_s", "quantise_s",
    ]

    private func fault(batch: Int = 1, tokens: Int = 2, labels: Int = 0, repeats: Int = 1, jobs: [Int] = []) -> String?
    {
        Options.fault(batch: batch, tokens: tokens, labels: labels, repeats: repeats, jobs: jobs)
    }

    @Test("Numbers at the ends of their ranges are taken")
    func ends() {
        #expect(fault() == nil)
        #expect(fault(batch: 64, tokens: 2048, labels: 1000, repeats: 100, jobs: [1, 64]) == nil)
    }

    @Test("Numbers outside are named")
    func faults() {
        #expect(fault(batch: 0) == "--batch is 1 to 64")
        #expect(fault(batch: 65) != nil)
        #expect(fault(tokens: 1) == "--tokens is 2 to 2048")
        #expect(fault(tokens: 2049) != nil)
        #expect(fault(labels: -1) == "--labels is 0 to 1000")
        #expect(fault(labels: 1001) != nil)
        #expect(fault(repeats: 0) == "--repeats is 1 to 100")
        #expect(fault(repeats: 101) != nil)
        #expect(fault(jobs: [1, 0]) == "--jobs is 1 to 64")
        #expect(fault(jobs: [65]) != nil)
    }

    @Test("No label comes twice, and all are taken")
    func labels() {
        let labels = Options.labels(Options.labelCounts.upperBound)
        #expect(Set(labels).count == Options.labelCounts.upperBound)
        #expect(TaskValidation.violations(.detect(labels: labels), GenerationOptions()).isEmpty)
    }

    @Test("The work of the published model")
    func work() throws {
        let published = try Kosmos2Configuration(json: Data(#"{"model_type": "kosmos-2"}"#.utf8))
        let work = ModelWork(published)
        // 24 layers of 4 x 1024² + 2 x 1024 x 4096 weights by 257 tokens are 155 of these, attention 6.5, the rest 8.
        #expect(abs(work.vision / 1e9 - 170) < 1)
        // 1.208 billion weights by 71 tokens are 171.5, attention 0.5, the head for one token 0.3.
        #expect(abs(work.prefill(tokens: 71) / 1e9 - 172.3) < 0.2)
    }

    @Test("Every figure is there, in order, and the labels' when asked for", arguments: [0, 2])
    func report(_ labels: Int) throws {
        let options = Options(modelFolder: Self.nano, batch: 2, tokens: 3, labels: labels, repeats: 2)
        let report = try EngineBenchmark(options).run()
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
        let figures = try #require(json)
        let wanted = Self.figures + (labels > 0 ? ["detect_s", "detect_tokens"] : [])
        #expect(Set(figures.keys) == Set(wanted + ["setup"]))
        for name in wanted {
            let figure = try #require(figures[name] as? [String: Double], "\(name)")
            let (low, middle, high) = (figure["min"]!, figure["median"]!, figure["max"]!)
            #expect(low <= middle && middle <= high, "\(name)")
            #expect(name == "quantise_s" ? middle == 0 : low > 0, "\(name)")
        }
        let table = report.lines.joined(separator: "\n")
        #expect(table.contains("time to first token") && table.contains("% of what memory gives"))
        #expect(table.contains("detect, \(labels) labels") == (labels > 0))
    }

    @Test("Jobs side by side: a row for each number, in order")
    func concurrency() throws {
        let options = Options(modelFolder: Self.nano, tokens: 4, repeats: 2, jobs: [1, 3])
        let report = try EngineBenchmark(options).run()
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
        let rows = try #require(json?["concurrency"] as? [[String: Any]])
        #expect(rows.compactMap { $0["jobs"] as? Int } == [1, 3])
        for row in rows {
            #expect(Set(row.keys) == ["jobs", "total_s", "tokens_per_s", "token_s", "ttft_s"])
            func median(_ name: String) -> Double { (row[name] as? [String: Double])?["median"] ?? 0 }
            #expect(median("ttft_s") > 0 && median("ttft_s") <= median("total_s"))
            #expect(median("tokens_per_s") > 0 && median("token_s") > 0)
        }
        #expect(report.lines.contains { $0.contains("FIRST TOKEN S") })
    }

    @Test("Weights that are quantised are counted where they are")
    func quantised() throws {
        let cache = NSTemporaryDirectory() + "boxwood-bench-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: cache) }
        let engine = EngineOptions(precision: .q8, cacheFolder: cache)
        let options = Options(modelFolder: Self.nano, engine: engine, tokens: 2, repeats: 1)
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(EngineBenchmark(options).run()))
        let figures = try #require(json as? [String: Any])
        for name in ["read_gb_per_s", "quantise_s"] {
            #expect(try #require(figures[name] as? [String: Double])["median"]! > 0, "\(name)")
        }
    }

    @Test("More tokens than the context holds are refused")
    func context() {
        let options = Options(modelFolder: Self.nano, tokens: Options.tokenCounts.upperBound)
        #expect(throws: TaskError.self) { try EngineBenchmark(options).run() }
    }

    @Test("A picture that is none is refused")
    func picture() {
        let options = Options(modelFolder: Self.nano, picture: [1, 2, 3])
        #expect(throws: TaskError.self) { try EngineBenchmark(options).run() }
    }
}
