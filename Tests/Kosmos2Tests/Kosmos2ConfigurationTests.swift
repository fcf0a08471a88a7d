// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Kosmos2
import Testing

/// What `config.json` may say, and what is refused, by name.
@Suite("Configuration of a model")
struct Kosmos2ConfigurationTests {
    private func configuration(_ json: String) throws -> Kosmos2Configuration {
        try Kosmos2Configuration(json: Data(json.utf8))
    }

    @Test("Absent keys take the published model's values", arguments: ["kosmos-2", "kosmos2"])
    func defaults(type: String) throws {
        let found = try configuration(#"{"model_type": "\#(type)"}"#)
        let (vision, text) = (found.vision, found.text)
        let seen: [Int] = [vision.width, vision.feedForward, vision.layers, vision.heads, vision.grid, vision.tokens]
        #expect(seen == [1024, 4096, 24, 16, 16, 257])
        let sizes: [Int] = [text.vocabulary, text.width, text.feedForward, text.layers, text.heads, text.maxPositions]
        #expect(sizes == [65037, 2048, 8192, 24, 32, 2048])
        #expect(vision.imageSize == 224 && vision.patchSize == 14 && found.latents == 64)
        #expect(text.scalesEmbedding && vision.layerNormEpsilon == 1e-5 && text.layerNormEpsilon == 1e-5)
    }

    @Test("Both spellings of the text's sizes mean the same, and null means absent")
    func aliases() throws {
        let own = try configuration(
            #"{"model_type": "kosmos-2", "text_config": {"embed_dim": 48, "layers": 3, "attention_heads": 6}}"#)
        let alias = try configuration(
            """
            {"model_type": "kosmos-2", "dtype": "float32", "text_config": {"hidden_size": 48, "num_hidden_layers": 3,
             "num_attention_heads": 6, "embed_dim": null, "vocab_size": null}, "vision_config": null}
            """)
        #expect(own == alias)
        let sizes: [Int] = [own.text.width, own.text.layers, own.text.heads, own.text.vocabulary]
        #expect(sizes == [48, 3, 6, 65037])
    }

    /// A section's text, and what the error must name.
    static let refused: [(json: String, names: [String])] = [
        ("", ["config.json"]), ("[]", ["config.json"]), (#"{"model_type": 2}"#, ["config.json"]),
        ("{}", ["none", "kosmos-2"]), (#"{"model_type": "kosmos-2.5"}"#, ["kosmos-2.5"]),
        (#"{"model_type": "llava"}"#, ["llava"]),
        (text(#""activation_function": "gelu_new""#), ["text_config.activation_function", "gelu_new"]),
        (text(#""add_cross_attention": true"#), ["text_config.add_cross_attention"]),
        (text(#""attention_heads": 31"#), ["attention_heads", "31", "embed_dim", "2048"]),
        (text(#""embed_dim": 63, "attention_heads": 3"#), ["text_config.embed_dim", "63", "even"]),
        (text(#""embed_dim": 2, "attention_heads": 1"#), ["text_config.embed_dim", "4"]),
        (text(#""layers": 0"#), ["text_config.layers", "0"]), (text(#""ffn_dim": -1"#), ["text_config.ffn_dim", "-1"]),
        (text(#""vocab_size": 1048577"#), ["text_config.vocab_size", "1048577"]),
        (text(#""embed_dim": "wide""#), ["config.json"]), (text(#""layers": 1.5"#), ["config.json"]),
        (vision(#""hidden_act": "gelu""#), ["vision_config.hidden_act", "gelu", "quick_gelu"]),
        (vision(#""num_channels": 1"#), ["vision_config.num_channels", "1"]),
        (vision(#""num_attention_heads": 15"#), ["num_attention_heads", "15", "1024"]),
        (vision(#""patch_size": 15"#), ["patch_size", "15", "image_size", "224"]),
        (vision(#""image_size": 4110, "patch_size": 15"#), ["image_size", "4110", "4096"]),
        (text(#""layer_norm_eps": 0"#), ["text_config.layer_norm_eps", "0"]),
        (text(#""layer_norm_eps": -1e-5"#), ["text_config.layer_norm_eps", "-1e-05"]),
        (text(#""layer_norm_eps": 1e-60"#), ["text_config.layer_norm_eps"]),
        (vision(#""layer_norm_eps": 1e300"#), ["vision_config.layer_norm_eps", "1e+300"]),
        (#"{"model_type": "kosmos-2", "latent_query_num": 0}"#, ["latent_query_num", "0"]),
    ]

    private static func text(_ keys: String) -> String {
        #"{"model_type": "kosmos-2", "text_config": {\#(keys)}}"#
    }

    private static func vision(_ keys: String) -> String {
        #"{"model_type": "kosmos-2", "vision_config": {\#(keys)}}"#
    }

    @Test("What the engine cannot run is refused with the key, what it says and what is allowed", arguments: refused)
    func refusal(json: String, names: [String]) throws {
        let error = try #require(throws: CheckpointError.self) { try configuration(json) }
        #expect(error.code == .configuration)
        for name in names { #expect(error.message.contains(name), "\(error.message)") }
    }

    @Test("Limits hold to the last value that is allowed")
    func limits() throws {
        #expect(try configuration(Self.vision(#""image_size": 4096, "patch_size": 32"#)).vision.tokens == 16385)
        #expect(try configuration(Self.text(#""vocab_size": 1048576"#)).text.vocabulary == 1 << 20)
        #expect(try configuration(Self.text(#""embed_dim": 4, "attention_heads": 1"#)).text.width == 4)
    }
}
