// SPDX-License-Identifier: MIT
public import Grounding

/// The one JSON of a result, as `protocol/result.schema.json` describes it: the same from the command line, with a
/// broker or without, and in the body of an answer. Every key is always there, in the same order, but for `label`
/// and `score`, which are there when known, and `cached_prompt_tokens` and `tiles`, where there were any.
public enum ResultJSON {
    /// On one line.
    public static func compact(_ result: GroundingResult) -> String { value(result).text(indented: false) }

    /// Over many lines, for people.
    public static func pretty(_ result: GroundingResult) -> String { value(result).text(indented: true) }

    /// An event, on one line; `entity` is there when it has one.
    public static func compact(_ event: GroundingEvent) -> String {
        var members: [(key: String, value: JSONText)] = [("caption", .string(event.caption))]
        if let found = event.entity { members.append(("entity", entity(found))) }
        return JSONText.object(members).text(indented: false)
    }

    static func value(_ result: GroundingResult) -> JSONText {
        .object([
            ("id", .string(result.id)),
            ("task", .string(result.task.rawValue)),
            ("model", model(result.model)),
            ("image", image(result.image)),
            ("caption", .string(result.caption)),
            ("entities", .array(result.entities.map(entity))),
            ("text", .string(result.text)),
            ("finish_reason", .string(result.finishReason.rawValue)),
            ("warnings", .array(result.warnings.map(JSONText.string))),
            ("usage", usage(result.usage)),
            ("timing_ms", timing(result.timing)),
            ("attempts", .integer(result.attempts)),
        ])
    }

    private static func model(_ model: ModelIdentity) -> JSONText {
        .object([
            ("name", .string(model.name)), ("revision", .string(model.revision)),
            ("precision", .string(model.precision)),
        ])
    }

    private static func image(_ image: ImageDescription) -> JSONText {
        .object([
            ("width", .integer(image.width)), ("height", .integer(image.height)), ("sha256", .string(image.sha256)),
            ("orientation", .integer(image.orientation)),
        ])
    }

    private static func entity(_ entity: Entity) -> JSONText {
        var members: [(key: String, value: JSONText)] = [
            ("phrase", .string(entity.phrase)),
            ("span", .array([.integer(entity.span.lowerBound), .integer(entity.span.upperBound)])),
        ]
        if let label = entity.label { members.append(("label", .string(label))) }
        members.append(("source", .string(entity.source.rawValue)))
        members.append(("boxes", .array(entity.boxes.map(box))))
        return .object(members)
    }

    private static func box(_ box: GroundedBox) -> JSONText {
        var members: [(key: String, value: JSONText)] = [
            ("xmin", .number(box.pixels.xmin)), ("ymin", .number(box.pixels.ymin)),
            ("xmax", .number(box.pixels.xmax)), ("ymax", .number(box.pixels.ymax)),
            ("normalized", .array(box.normalized.array.map(JSONText.number))),
        ]
        if let score = box.score { members.append(("score", .number(score))) }
        members.append(("patches", .array([.integer(box.patches.upperLeft), .integer(box.patches.lowerRight)])))
        return .object(members)
    }

    private static func usage(_ usage: Usage) -> JSONText {
        var members: [(key: String, value: JSONText)] = [
            ("prompt_tokens", .integer(usage.promptTokens)), ("generated_tokens", .integer(usage.generatedTokens)),
            ("image_cache_hit", .bool(usage.imageCacheHit)),
        ]
        if usage.cachedPromptTokens > 0 {
            members.append(("cached_prompt_tokens", .integer(usage.cachedPromptTokens)))
        }
        if usage.tiles > 0 { members.append(("tiles", .integer(usage.tiles))) }
        return .object(members)
    }

    private static func timing(_ timing: Timing) -> JSONText {
        .object([
            ("queue", .number(timing.queue)), ("decode_image", .number(timing.decodeImage)),
            ("vision", .number(timing.vision)), ("prefill", .number(timing.prefill)),
            ("generate", .number(timing.generate)), ("total", .number(timing.total)),
        ])
    }
}
