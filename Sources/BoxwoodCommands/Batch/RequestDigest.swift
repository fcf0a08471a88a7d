// SPDX-License-Identifier: MIT
import Crypto
import Grounding
package import Wire

/// A digest of a task and its options, by which a file of results tells whether it was written for them: the first 16 hexadecimal
/// digits of the SHA-256 of the method, a zero byte and the request in protobuf's JSON. The Python client writes the same.
package enum RequestDigest {
    package static func text(_ request: TaskRequest) -> String {
        let bytes = Array(request.method.rawValue.utf8) + [0] + Array(json(request).utf8)
        return SHA256.hash(data: bytes).prefix(8).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// Whatever is the service's choice is left out.
    package static func json(_ request: TaskRequest) -> String {
        let options = options(request.options)
        let members = words(request.task) + (options.isEmpty ? [] : [("options", JSONText.object(options))])
        return JSONText.object(members).text(indented: false)
    }

    private typealias Members = [(key: String, value: JSONText)]

    private static func words(_ task: GroundingTask) -> Members {
        switch task {
        case .caption(let detail, let grounded):
            (detail == .detailed ? [("detail", .string(detail.rawValue))] : []) + [("grounded", .bool(grounded))]
        case .detect(let labels): [("labels", .array(labels.map(JSONText.string)))]
        case .ground(let sentence, let phrases):
            [("sentence", .string(sentence)), ("phrases", .array(phrases.map(span)))]
        case .align(let caption): [("caption", .string(caption))]
        case .refer(let expression): [("expression", .string(expression))]
        case .describe(let box):
            [
                (
                    "box",
                    .object([
                        ("xmin", decimal(box.xmin)), ("ymin", decimal(box.ymin)), ("xmax", decimal(box.xmax)),
                        ("ymax", decimal(box.ymax)),
                    ])
                )
            ]
        case .ask(let question, let grounded): [("question", .string(question)), ("grounded", .bool(grounded))]
        case .generate(let prompt): [("prompt", .string(prompt))]
        }
    }

    private static func options(_ options: GenerationOptions) -> Members {
        var members: Members = []
        if let count = options.maxNewTokens { members.append(("max_new_tokens", .integer(count))) }
        if let size = options.noRepeatNgram { members.append(("no_repeat_ngram", .integer(size))) }
        if let threshold = options.threshold { members.append(("threshold", decimal(threshold))) }
        if let tiles = options.tiles { members.append(("tiles", .string(tiles.text))) }
        if options.boxDecoding != .refined {
            members.append(("box_decoding", .string(options.boxDecoding.rawValue)))
        }
        switch options.decoding {
        case .greedy: break
        case .beam(let width): members.append(("beam", .object([("width", .integer(width))])))
        case .sample(let temperature, let topP, let seed):
            members.append(
                (
                    "sample",
                    .object([
                        ("temperature", decimal(temperature)), ("top_p", decimal(topP)), ("seed", .written("\(seed)")),
                    ])
                ))
        }
        return members
    }

    private static func span(_ range: Range<Int>) -> JSONText {
        .object([("start", .integer(range.lowerBound)), ("end", .integer(range.upperBound))])
    }

    /// With a fraction, also where that is 0.
    private static func decimal(_ value: Double) -> JSONText { .written(value.description) }
}
