// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Imaging
import Inference
import Kosmos2
import Tensors
import TestSupport
import Testing

@Suite("Generation against the recordings", .enabled(if: Goldens.available, "the recordings are not on this machine"))
struct GenerationGoldenTests {
    @Test("Greedy and beams", arguments: ["micro-s8", "micro-s5", "mini-bf16", "mini-f16"])
    func runs(_ name: String) throws {
        let model = try Kosmos2Model(checkpoint: Checkpoint(folder: Goldens.path("ckpt/\(name)")), threads: 2)
        let index = try JSONSerialization.jsonObject(with: Goldens.data("runs/index.json")) as! [[String: Any]]
        var equal = 0
        var total = 0
        for item in index where item["checkpoint"] as? String == name {
            let file = "runs/" + (item["file"] as! String)
            let data =
                file.hasSuffix(".json")
                ? try Goldens.data(file)
                : Data(try SafetensorsFile(path: Goldens.path(file)).metadata["golden"]!.utf8)
            let doc = try JSONSerialization.jsonObject(with: data) as! [String: Any]
            let inputs = doc["input_ids"] as! [[Int]]
            let masks = doc["attention_mask"] as! [[Int]]
            let images = doc["images"] as! [String]
            let count = doc["max_new_tokens"] as! Int
            total += 1
            var same = true
            for row in inputs.indices {
                let prompt = zip(inputs[row], masks[row]).filter { $1 == 1 }.map(\.0)
                let bytes = [UInt8](try Goldens.data("images/" + images[row]))
                let picture = try ImageDecoder.decode(bytes, mode: .reference)
                let u8 = Preprocessor.squash(picture, side: 224)
                let embeds = model.encodeImage(Preprocessor.normalize(u8, side: 224))
                for (mode, n) in [("plain", 0), ("ngram3", 3)] {
                    func start() -> Generator<Kosmos2Model>.Start {
                        let cache = model.makeCache(capacity: prompt.count + count)
                        return .init(
                            prompt: prompt, cache: cache,
                            logits: model.prefill(tokens: prompt, image: (embeddings: embeds, at: 2), cache: cache))
                    }
                    let plan = GenerationPlan(maxNewTokens: count, noRepeatNgram: n)
                    let ids = try Generator(model).run([start()], plan: plan)[0].ids
                    let greedy = (doc["greedy"] as! [String: [[String: Any]]])[mode]![row]["new_ids"] as! [Int]
                    let alone = (doc["rows_alone"] as? [String: [[Int]]])?[mode]?[row]
                    if ids != alone ?? greedy {
                        same = false
                        print("DIFF", name, file, mode, row)
                    }
                    if inputs.count == 1, let beams = doc["beams"] as? Int {
                        let want = (doc["beam"] as! [String: [[String: Any]]])[mode]![0]
                        let got = try BeamSearch(model, width: beams, plan: plan).run(
                            start(), capacity: prompt.count + count)
                        let scores = want["scores"] as! [Double]
                        let close = zip(got, scores).allSatisfy { abs(Double($0.score) - $1) < 1e-4 }
                        if got.map(\.ids) != want["sequences"] as! [[Int]] || !close {
                            same = false
                            print("BEAMDIFF", file, mode)
                        }
                    }
                }
            }
            equal += same ? 1 : 0
        }
        print("EQUAL", name, equal, "of", total)
        #expect(equal == total)
    }
}
