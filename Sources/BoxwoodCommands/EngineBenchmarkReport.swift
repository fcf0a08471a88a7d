// SPDX-License-Identifier: MIT
package import Grounding
import Inference

/// What `bench engine` found. Its JSON has these names; each figure is `{median, min, max}`.
// swift-format-ignore: AlwaysUseLowerCamelCase
package struct EngineBenchmarkReport: Encodable, Sendable {
    /// What was measured, so that a record explains itself.
    package struct Setup: Encodable, Sendable {
        let model: String
        let revision: String
        let precision: String
        let threads: Int
        let batch: Int
        let tokens: Int
        let labels: Int
        let repeats: Int
        let prompt_tokens: Int
        let processor: String

        package init(_ options: EngineBenchmarkOptions, identity: ModelIdentity, promptTokens: Int) {
            (model, revision, precision) = (identity.name, identity.revision, identity.precision)
            (threads, batch, tokens) = (options.engine.threads, options.batch, options.tokens)
            (labels, repeats, prompt_tokens) = (options.labels, options.repeats, promptTokens)
            processor = Processor.name ?? "unknown"
        }
    }

    /// A `detect` of many labels on one picture.
    package struct Detection: Sendable {
        let seconds: Measurement
        /// All labels' tokens together.
        let generatedTokens: Int

        package init(seconds: Measurement, generatedTokens: Int) {
            (self.seconds, self.generatedTokens) = (seconds, generatedTokens)
        }
    }

    /// So many jobs in one engine, all submitted at once.
    package struct Concurrency: Encodable, Sendable {
        let jobs: Int
        /// Until the last one had ended.
        let total_s: Measurement
        /// Of all jobs together.
        let tokens_per_s: Measurement
        /// From one token of a job to its next.
        let token_s: Measurement
        /// From submission to the first token; the mean over the jobs.
        let ttft_s: Measurement

        init(jobs: Int, total: Measurement, tokenRate: Measurement, token: Measurement, firstToken: Measurement) {
            (self.jobs, total_s, tokens_per_s, token_s, ttft_s) = (jobs, total, tokenRate, token, firstToken)
        }
    }

    let setup: Setup
    /// The vision tower and the connector, for all pictures of the batch.
    let vision_s: Measurement
    /// From pixels to the first token of every sequence.
    let ttft_s: Measurement
    /// One step: one more token for every sequence.
    let token_s: Measurement
    let total_s: Measurement
    let pictures_per_s: Measurement
    let peak_rss_bytes: Measurement
    let private_bytes: Measurement
    let read_gb_per_s: Measurement
    let read_ceiling_gb_per_s: Measurement
    let gflops: Measurement
    let gflops_ceiling: Measurement
    let start_s: Measurement
    let quantise_s: Measurement
    /// Only with labels.
    let detect_s: Measurement?
    let detect_tokens: Measurement?
    /// Only with jobs.
    let concurrency: [Concurrency]?

    package init(
        setup: Setup, vision_s: Measurement, ttft_s: Measurement, token_s: Measurement, total_s: Measurement,
        pictures_per_s: Measurement, peak_rss_bytes: Measurement, private_bytes: Measurement,
        read_gb_per_s: Measurement, read_ceiling_gb_per_s: Measurement, gflops: Measurement,
        gflops_ceiling: Measurement, start_s: Measurement, quantise_s: Measurement, detect: Detection? = nil,
        concurrency: [Concurrency] = []
    ) {
        (self.setup, self.vision_s, self.ttft_s, self.token_s) = (setup, vision_s, ttft_s, token_s)
        (self.total_s, self.pictures_per_s) = (total_s, pictures_per_s)
        (self.peak_rss_bytes, self.private_bytes) = (peak_rss_bytes, private_bytes)
        (self.read_gb_per_s, self.read_ceiling_gb_per_s) = (read_gb_per_s, read_ceiling_gb_per_s)
        (self.gflops, self.gflops_ceiling) = (gflops, gflops_ceiling)
        (self.start_s, self.quantise_s) = (start_s, quantise_s)
        detect_s = detect?.seconds
        detect_tokens = detect.map { Measurement(Double($0.generatedTokens)) }
        self.concurrency = concurrency.isEmpty ? nil : concurrency
    }
}

extension EngineBenchmarkReport {
    /// For people: what ran, a table of figures, and the shares of what the machine allows.
    package var lines: [String] {
        var table = TextTable([
            .init("FIGURE"), .init("MEDIAN", .right), .init("MIN", .right), .init("MAX", .right), .init("UNIT"),
        ])
        for row in rows {
            let values = [row.value.median, row.value.min, row.value.max]
            table.append([row.name] + values.map { Self.text($0 / row.scale) } + [row.unit])
        }
        return [heading, ""] + table.lines(width: nil) + concurrencyLines + [""] + shares
    }

    /// The medians of each number of jobs.
    private var concurrencyLines: [String] {
        guard let concurrency else { return [] }
        var table = TextTable([
            .init("JOBS", .right), .init("TOTAL S", .right), .init("TOKENS/S", .right), .init("TOKEN MS", .right),
            .init("FIRST TOKEN S", .right),
        ])
        for row in concurrency {
            let values = [row.total_s.median, row.tokens_per_s.median, row.token_s.median * 1000, row.ttft_s.median]
            table.append([String(row.jobs)] + values.map(Self.text))
        }
        return [""] + table.lines(width: nil)
    }

    private struct Row {
        let name: String
        let value: Measurement
        let unit: String
        var scale = 1.0
    }

    private var rows: [Row] {
        let detection = detect_s.map { [Row(name: "detect, \(setup.labels) labels", value: $0, unit: "s")] } ?? []
        return [
            Row(name: "vision", value: vision_s, unit: "s"),
            Row(name: "time to first token", value: ttft_s, unit: "s"),
            Row(name: "token", value: token_s, unit: "ms", scale: 1e-3),
            Row(name: "total", value: total_s, unit: "s"),
            Row(name: "pictures", value: pictures_per_s, unit: "1/s"),
        ] + detection + [
            Row(name: "start", value: start_s, unit: "s"),
            Row(name: "quantising", value: quantise_s, unit: "s"),
            Row(name: "peak memory", value: peak_rss_bytes, unit: "MB", scale: 1e6),
            Row(name: "private memory", value: private_bytes, unit: "MB", scale: 1e6),
            Row(name: "weights read", value: read_gb_per_s, unit: "GB/s"),
            Row(name: "memory can be read", value: read_ceiling_gb_per_s, unit: "GB/s"),
            Row(name: "arithmetic", value: gflops, unit: "GFLOP/s"),
            Row(name: "float32 products reach", value: gflops_ceiling, unit: "GFLOP/s"),
        ]
    }

    private var heading: String {
        "\(setup.model) (revision \(setup.revision)), \(setup.precision), threads \(setup.threads), batch \(setup.batch), "
            + "prompt \(setup.prompt_tokens) and \(setup.tokens) new tokens, \(setup.processor)"
    }

    /// Decoding is bound by reading weights, prefill by arithmetic.
    private var shares: [String] {
        [
            "decoding reads weights at \(Self.share(read_gb_per_s, read_ceiling_gb_per_s)) of what memory gives",
            "vision and prefill compute at \(Self.share(gflops, gflops_ceiling)) of what a large float32 product does",
        ]
    }

    private static func share(_ reached: Measurement, _ ceiling: Measurement) -> String {
        ResultReport.fixed(100 * reached.median / ceiling.median, digits: 0) + " %"
    }

    /// Three digits or more.
    private static func text(_ value: Double) -> String {
        ResultReport.fixed(value, digits: value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3)
    }
}
