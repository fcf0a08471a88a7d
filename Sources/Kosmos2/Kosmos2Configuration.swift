// SPDX-License-Identifier: MIT

public import Checkpoints
public import Foundation

/// The sizes of a KOSMOS-2 model, from its `config.json`.
///
/// Keys and defaults are those of transformers 5.23, `configuration_kosmos2.py`, with the aliases that it maps. A key that
/// is absent takes the published model's value.
public struct Kosmos2Configuration: Sendable, Hashable {
    public struct Vision: Sendable, Hashable {
        public var width: Int
        public var feedForward: Int
        public var layers: Int
        public var heads: Int
        /// The side of the square picture, in pixels.
        public var imageSize: Int
        public var patchSize: Int
        public var layerNormEpsilon: Float

        /// Patches per side.
        public var grid: Int { imageSize / patchSize }
        /// The class token and one token for each patch.
        public var tokens: Int { grid * grid + 1 }
    }

    public struct Text: Sendable, Hashable {
        public var vocabulary: Int
        public var width: Int
        public var feedForward: Int
        public var layers: Int
        public var heads: Int
        /// The longest text, in tokens, the picture's included.
        public var maxPositions: Int
        public var layerNormEpsilon: Float
        public var scalesEmbedding: Bool
    }

    public var vision: Vision
    public var text: Text
    /// How many tokens stand for the picture: 64 in the published model.
    public var latents: Int

    /// Above this, a size in a configuration is taken for damage.
    static let largestSize = 1 << 20

    /// - Throws: `CheckpointError` of code `configuration`.
    public init(json: Data) throws(CheckpointError) {
        let raw: RawConfiguration
        do {
            raw = try JSONDecoder().decode(RawConfiguration.self, from: json)
        } catch {
            throw CheckpointError(.configuration, "config.json is not a model configuration")
        }
        guard let type = raw.model_type, ["kosmos-2", "kosmos2"].contains(type) else {
            throw CheckpointError(
                .configuration,
                "config.json describes a model of type \"\(raw.model_type ?? "none")\"; this engine runs \"kosmos-2\"")
        }
        vision = try Self.vision(raw.vision_config ?? .init())
        text = try Self.text(raw.text_config ?? .init())
        latents = try Self.size(raw.latent_query_num, 64, "latent_query_num")
    }

    private static func vision(_ raw: RawConfiguration.Section) throws(CheckpointError) -> Vision {
        try require(raw.hidden_act, ["quick_gelu"], "vision_config.hidden_act")
        try require(raw.num_channels.map(String.init), ["3"], "vision_config.num_channels")
        let vision = Vision(
            width: try size(raw.hidden_size, 1024, "vision_config.hidden_size"),
            feedForward: try size(raw.intermediate_size, 4096, "vision_config.intermediate_size"),
            layers: try size(raw.num_hidden_layers, 24, "vision_config.num_hidden_layers"),
            heads: try size(raw.num_attention_heads, 16, "vision_config.num_attention_heads"),
            imageSize: try size(raw.image_size, 224, "vision_config.image_size"),
            patchSize: try size(raw.patch_size, 14, "vision_config.patch_size"),
            layerNormEpsilon: try epsilon(raw.layer_norm_eps, "vision_config.layer_norm_eps"))
        try divides(vision.heads, vision.width, "vision_config: num_attention_heads", "hidden_size")
        try divides(vision.patchSize, vision.imageSize, "vision_config: patch_size", "image_size")
        guard vision.imageSize <= 4096 else {
            throw CheckpointError(.configuration, "vision_config.image_size is \(vision.imageSize); the limit is 4096")
        }
        return vision
    }

    private static func text(_ raw: RawConfiguration.Section) throws(CheckpointError) -> Text {
        try require(raw.activation_function, ["gelu"], "text_config.activation_function")
        guard raw.add_cross_attention != true else {
            throw CheckpointError(.configuration, "text_config.add_cross_attention is true; this engine has none")
        }
        let text = Text(
            vocabulary: try size(raw.vocab_size, 65037, "text_config.vocab_size"),
            width: try size(raw.embed_dim ?? raw.hidden_size, 2048, "text_config.embed_dim"),
            feedForward: try size(raw.ffn_dim, 8192, "text_config.ffn_dim"),
            layers: try size(raw.layers ?? raw.num_hidden_layers, 24, "text_config.layers"),
            heads: try size(raw.attention_heads ?? raw.num_attention_heads, 32, "text_config.attention_heads"),
            maxPositions: try size(raw.max_position_embeddings, 2048, "text_config.max_position_embeddings"),
            layerNormEpsilon: try epsilon(raw.layer_norm_eps, "text_config.layer_norm_eps"),
            scalesEmbedding: raw.scale_embedding ?? true)
        try divides(text.heads, text.width, "text_config: attention_heads", "embed_dim")
        guard text.width % 2 == 0, text.width >= 4 else {
            throw CheckpointError(
                .configuration, "text_config.embed_dim is \(text.width); positions need an even width of 4 or more")
        }
        return text
    }

    private static func size(_ value: Int?, _ standard: Int, _ key: String) throws(CheckpointError) -> Int {
        let value = value ?? standard
        guard (1...largestSize).contains(value) else {
            throw CheckpointError(.configuration, "\(key) is \(value); allowed is 1 to \(largestSize)")
        }
        return value
    }

    /// What keeps a norm from dividing by nothing; a row of equal values would become no numbers at all without it.
    private static func epsilon(_ value: Double?, _ key: String) throws(CheckpointError) -> Float {
        let value = value ?? 1e-5
        guard Float(value) > 0, value <= 1 else {
            throw CheckpointError(.configuration, "\(key) is \(value); allowed is above 0, at most 1")
        }
        return Float(value)
    }

    private static func require(_ value: String?, _ allowed: [String], _ key: String) throws(CheckpointError) {
        guard let value, !allowed.contains(value) else { return }
        throw CheckpointError(
            .configuration, "\(key) is \"\(value)\"; this engine has \(allowed.joined(separator: ", "))")
    }

    private static func divides(_ part: Int, _ whole: Int, _ partKey: String, _ wholeKey: String)
        throws(CheckpointError)
    {
        guard whole % part == 0 else {
            throw CheckpointError(.configuration, "\(partKey) \(part) does not divide \(wholeKey) \(whole)")
        }
    }
}

/// `config.json` as it is spelled.
// swift-format-ignore: AlwaysUseLowerCamelCase
private struct RawConfiguration: Decodable {
    struct Section: Decodable {
        var hidden_size: Int?
        var intermediate_size: Int?
        var num_hidden_layers: Int?
        var num_attention_heads: Int?
        var num_channels: Int?
        var image_size: Int?
        var patch_size: Int?
        var hidden_act: String?
        var layer_norm_eps: Double?
        var vocab_size: Int?
        var embed_dim: Int?
        var ffn_dim: Int?
        var layers: Int?
        var attention_heads: Int?
        var max_position_embeddings: Int?
        var activation_function: String?
        var scale_embedding: Bool?
        var add_cross_attention: Bool?
    }

    var model_type: String?
    var vision_config: Section?
    var text_config: Section?
    var latent_query_num: Int?
}
