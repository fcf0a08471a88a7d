// SPDX-License-Identifier: MIT

import Checkpoints
import Kosmos2
import Tensors
import TestSupport
import Testing

/// The reference's recorded runs, given the same pixels: every intermediate result that was recorded, and the logits of
/// every step.
@Suite("Activations against the reference", .enabled(if: Goldens.available, "the reference's recordings are not here"))
struct ActivationGoldenTests {
    /// The reference's own noise is 2.5e-5; a wrong detail shows at 1e-3 or more.
    static let tolerance: Float = 1e-4

    /// Runs of one row with recorded logits, whose picture was recorded too: with the run itself, or with another
    /// one, for the pixels are the same whatever the weights.
    static let runs = Recording.all.filter { entry in
        guard entry.level != "ids", !entry.case.hasPrefix("batch"), let run = try? Recording(entry) else {
            return false
        }
        return pictures[run.document.images[0]] != nil
    }

    /// The pixels of each picture that some run recorded.
    private static let pictures: [String: [UInt8]] = {
        let full = Recording.all.filter { $0.level == "full" && !$0.case.hasPrefix("batch") }
        let pairs = full.compactMap { try? Recording($0) }.compactMap { run in
            run.pixelBytes(row: 0).map { (run.document.images[0], $0) }
        }
        return Dictionary(pairs) { first, _ in first }
    }()

    @Test("runs of weights in every stored type are among them")
    func coverage() {
        #expect(Set(Self.runs.map(\.checkpoint)) == ["micro-s8", "micro-s5", "mini-bf16", "mini-f16"])
        #expect(Self.runs.count == 11)
    }

    @Test("every recorded tensor, and the logits of every step", arguments: runs)
    func activations(entry: Recording.Entry) throws {
        let recording = try Recording(entry)
        let model = try Kosmos2Model(
            checkpoint: Checkpoint(folder: Goldens.path("ckpt/\(entry.checkpoint)")), threads: 1)
        var seen: [String] = []
        let check: ActivationObserver = { name, tensor in
            guard let expected = recording.floats(name) else { return }
            seen.append(name)
            let far = distance(tensor.elements, expected)
            #expect(far.maximum <= Self.tolerance, "\(name): \(far)")
        }
        let pixels = normalized(try #require(Self.pictures[recording.document.images[0]]))
        let image = model.encodeImage(pixels, observer: check)
        let tokens = recording.prompt(row: 0)
        let place = try #require(recording.document.image_embeds_position_mask[0].firstIndex(of: 1))
        let cache = model.makeCache()
        var logits = model.prefill(tokens: tokens, image: (image, place), cache: cache, observer: check)
        #expect(seen.count == (entry.level == "full" ? 9 : 0), "only \(seen)")
        if let last = recording.floats("logits.prompt_last") {
            #expect(distance(logits, last).maximum <= Self.tolerance)
        }

        let sampled = try #require(recording.floats("logits.steps_sampled"))
        let ids = try #require(recording.document.greedy["plain"]?.first).new_ids
        let width = sampled.count / ids.count
        for (step, id) in ids.enumerated() {
            let far = distance(
                stride(from: 0, to: logits.count, by: 97).map { logits[$0] },
                sampled[step * width..<(step + 1) * width].map { $0 })
            #expect(far.maximum <= Self.tolerance, "step \(step): \(far)")
            #expect(logits.indices.max { logits[$0] < logits[$1] } == id, "step \(step)")
            logits = model.step(tokens: [id], caches: [cache]).values.array
        }
    }

    @Test("a batch of sequences of different lengths gives each what it gets alone")
    func batch() throws {
        let model = try Kosmos2Model(checkpoint: Checkpoint(folder: Goldens.path("ckpt/micro-s8")), threads: 1)
        let prompts = [[0, 64012, 712, 1648, 9], [0, 5, 6], [0, 64012, 64007, 10, 43867, 64008, 100, 200]]
        let together = prompts.map { _ in model.makeCache(capacity: 32) }
        for (prompt, cache) in zip(prompts, together) { _ = model.prefill(tokens: prompt, cache: cache) }
        for token in [7, 64009, 64050] {
            let batch = model.step(tokens: [token, token + 1, token + 2], caches: together).values
            for row in prompts.indices {
                let alone = model.makeCache(capacity: 32)
                alone.copy(from: together[row])
                alone.truncate(to: alone.count - 1)
                let single = model.step(tokens: [token + row], caches: [alone]).values
                let values = UnsafeBufferPointer(start: batch.row(row), count: batch.shape[1])
                #expect(distance(values, single.elements).maximum <= 2e-5)
            }
        }
    }

    /// `(u8 / 255 - mean) / std`, planes of red, green and blue.
    private func normalized(_ bytes: [UInt8]) -> [Float] {
        let mean: [Float] = [0.48145466, 0.4578275, 0.40821073]
        let deviation: [Float] = [0.26862954, 0.26130258, 0.27577711]
        let count = bytes.count / 3
        return (0..<3).flatMap { channel in
            (0..<count).map { (Float(bytes[$0 * 3 + channel]) / 255 - mean[channel]) / deviation[channel] }
        }
    }
}
