// SPDX-License-Identifier: MIT
import Client
import Grounding
import Hummingbird
import Wire

/// Two tasks in the shapes of Hugging Face's inference API, for clients of it.
struct HuggingFaceRoutes: Sendable {
    let client: BoxwoodClient

    /// A list of boxes, the best first. `threshold` is this service's, not the pipeline's 0.1.
    func detect(_ request: Request) async throws -> Response {
        let headers = try CallHeaders(request.headers)
        return try await CallerWatch.answer(request) { content, _ throws(Problem) in
            let (image, parameters) = try Self.inputs(content)
            let labels = parameters["candidate_labels"]
            guard let labels = labels as? [String] ?? (labels as? String).map(Self.split) else {
                throw .invalid("parameters.candidate_labels", "is missing")
            }
            let options = GenerationOptions(threshold: parameters["threshold"] as? Double)
            let task = TaskRequest(.detect(labels: labels), options)
            let call = TaskCall(
                client: client, task: try TaskRoute.read(.detect, task.body(.protobuf)), image: image, headers: headers)
            let best = (parameters["top_k"] as? Int).map { max(0, $0) }
            return .whole { JSONResponse.json(Self.boxes(try await call.result(), best: best)) }
        }
    }

    /// One text. The picture is the body itself, or base64 in `inputs`.
    func caption(_ request: Request) async throws -> Response {
        let headers = try CallHeaders(request.headers)
        return try await CallerWatch.answer(request) { content, contentType throws(Problem) in
            let isJSON = contentType.map { HeaderParameters($0).value == "application/json" } ?? false
            let image = isJSON ? try Self.inputs(content).image : content
            guard !image.isEmpty else { throw .invalid("inputs", "is missing") }
            let call = TaskCall(
                client: client, task: TaskRequest(.caption(detail: .brief, grounded: true)), image: image,
                headers: headers)
            return .whole {
                let text: JSONText = .object([("generated_text", .string(try await call.result().caption))])
                return JSONResponse.json(JSONText.array([text]).text(indented: false))
            }
        }
    }

    private static func inputs(_ content: [UInt8]) throws(Problem) -> (image: [UInt8], parameters: [String: Any]) {
        let object = try JSONObject.read(content)
        let inputs = object["inputs"]
        // Older clients put the picture into an object of its own.
        let text = inputs as? String ?? (inputs as? [String: Any])?["image"] as? String
        guard let text, let image = FormRequest.picture(text) else {
            throw .invalid("inputs", "is no base64")
        }
        let parameters = object["parameters"] as? [String: Any] ?? [:]
        return (image, parameters.merging(inputs as? [String: Any] ?? [:]) { own, _ in own })
    }

    private static func split(_ labels: String) -> [String] {
        labels.split(separator: ",").map { $0.trimmed }
    }

    private static func boxes(_ result: GroundingResult, best: Int?) -> String {
        let found = result.entities.flatMap { entity in
            entity.boxes.map { (label: entity.label ?? entity.phrase, box: $0) }
        }.sorted { ($0.box.score ?? 0) > ($1.box.score ?? 0) }
        let values = found.prefix(best ?? found.count).map { label, box in
            JSONText.object([
                ("score", .number(box.score ?? 0)), ("label", .string(label)),
                (
                    "box",
                    .object([
                        ("xmin", .integer(Int(box.pixels.xmin.rounded()))),
                        ("ymin", .integer(Int(box.pixels.ymin.rounded()))),
                        ("xmax", .integer(Int(box.pixels.xmax.rounded()))),
                        ("ymax", .integer(Int(box.pixels.ymax.rounded()))),
                    ])
                ),
            ])
        }
        return JSONText.array(values).text(indented: false)
    }
}

extension Substring {
    fileprivate var trimmed: String {
        var text = drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
