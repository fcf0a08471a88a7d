// SPDX-License-Identifier: MIT
import Checkpoints
import Foundation
import Kosmos2
import Tensors

extension FuzzTarget {
    /// The JSON files of a model's folder: an error, or sizes that a model can have.
    ///
    /// An input is `config.json`, and `model.safetensors.index.json` where the weights are in shards.
    static let modelFolder = FuzzTarget(
        "model-folder", runs: 3000, words: ModelFolderTarget.words, seeds: ModelFolderTarget.seeds,
        check: ModelFolderTarget.check)
}

private enum ModelFolderTarget {
    static let words = [
        "\"model_type\"", "\"kosmos-2\"", "\"vision_config\"", "\"text_config\"", "\"latent_query_num\"",
        "\"hidden_size\"", "\"intermediate_size\"", "\"num_hidden_layers\"", "\"num_attention_heads\"",
        "\"num_channels\"", "\"image_size\"", "\"patch_size\"", "\"hidden_act\"", "\"quick_gelu\"",
        "\"layer_norm_eps\"", "\"vocab_size\"", "\"embed_dim\"", "\"ffn_dim\"", "\"layers\"", "\"attention_heads\"",
        "\"max_position_embeddings\"", "\"activation_function\"", "\"gelu\"", "\"scale_embedding\"",
        "\"add_cross_attention\"", "\"no_repeat_ngram_size\"", "\"weight_map\"", "\"one.safetensors\"",
        "\"two.safetensors\"", "../", "\n--\n", "1e400", "-1", "1048577", "9223372036854775808", "null",
    ]

    private static let shards: [(String, [UInt8])] = ["one", "two"].map { name in
        let entry = SafetensorsWriter.Entry(name: name, shape: [2], values: [1, 2])
        return ("\(name).safetensors", (try? SafetensorsWriter.encode([entry], metadata: [:])).map(Array.init) ?? [])
    }

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let nano = try ProjectFiles.bytes("models/boxwood-nano/config.json")
        let small = Array(#"{"model_type":"kosmos-2","vision_config":{"image_size":28,"patch_size":14}}"#.utf8)
        let index = Array(#"{"weight_map":{"one":"one.safetensors","two":"two.safetensors"}}"#.utf8)
        let short = Array(#"{"weight_map":{"one":"one.safetensors","three":"two.safetensors"}}"#.utf8)
        let equal = Array(#"{"model_type":"kosmos-2","text_config":{"layer_norm_eps":0}}"#.utf8)
        let outside = Array(#"{"weight_map":{"one":"../one.safetensors"}}"#.utf8)
        return [
            ("nano", nano), ("published", Array(#"{"model_type":"kosmos-2"}"#.utf8)), ("small", small),
            ("sharded", Parts.join([small, index])), ("short", Parts.join([small, short])),
            ("no-epsilon", equal), ("outside", Parts.join([small, outside])),
        ]
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let folder = ScratchFolder()
        let parts = Parts.split(input)
        folder.write(parts[0], to: "config.json")
        if parts.count > 1 {
            folder.write(parts[1], to: "model.safetensors.index.json")
            for (name, bytes) in shards { folder.write(bytes, to: name) }
        } else {
            folder.write(shards[0].1, to: "model.safetensors")
        }
        let checkpoint: Checkpoint
        let configuration: Kosmos2Configuration
        do throws(CheckpointError) {
            checkpoint = try Checkpoint(folder: folder.path)
            configuration = try Kosmos2Configuration(json: try checkpoint.json("config.json"))
            _ = try GenerationDefaults(checkpoint)
        } catch {
            try promise(!error.message.isEmpty, "an error says why")
            return false
        }
        try promise(
            checkpoint.names == (parts.count > 1 ? ["one", "two"] : ["one"]), "a folder has the tensors of its files")
        try promise(checkpoint.revision.utf8.count == 16, "a revision has 16 digits", checkpoint.revision)
        try checkSizes(configuration)
        return true
    }

    private static func checkSizes(_ configuration: Kosmos2Configuration) throws(BrokenPromise) {
        let (vision, text) = (configuration.vision, configuration.text)
        let sizes = [
            vision.width, vision.feedForward, vision.layers, vision.heads, vision.imageSize, vision.patchSize,
            text.vocabulary, text.width, text.feedForward, text.layers, text.heads, text.maxPositions,
            configuration.latents, vision.grid, vision.tokens,
        ]
        try promise(sizes.allSatisfy { (1...1 << 24).contains($0) }, "sizes are sizes", "\(sizes)")
        try promise(
            vision.width % vision.heads == 0 && text.width % text.heads == 0 && text.width % 2 == 0,
            "heads share the width evenly", "\(sizes)")
        for epsilon in [vision.layerNormEpsilon, text.layerNormEpsilon] {
            try promise(
                epsilon.isFinite && epsilon > 0, "what keeps a norm from dividing by nothing is above it", "\(epsilon)")
        }
    }
}
