// SPDX-License-Identifier: MIT
public import Grounding
import SwiftProtobuf

/// A task with its options, as the body of a request carries it.
public struct TaskRequest: Sendable, Hashable {
    public var task: GroundingTask
    public var options: GenerationOptions

    public init(_ task: GroundingTask, _ options: GenerationOptions = GenerationOptions()) {
        self.task = task
        self.options = options
    }

    /// The method that takes this body.
    public var method: Method { Method(task.name) }

    /// Reads and validates the body of a request for one of the grounding methods, in either encoding.
    ///
    /// - Throws: INVALID_ARGUMENT, with the field of each violation, or `body` where it could not be read at all.
    public init(task name: GroundingTask.Name, body: [UInt8]) throws(RPCStatus) {
        self = try Self.parse(name, body)
        let violations = TaskValidation.violations(task, options)
        if !violations.isEmpty { throw .invalid(violations.map(\.onTheWire)) }
    }

    /// The body of the request.
    public func body(_ encoding: WireEncoding) -> [UInt8] {
        switch task {
        case .caption(let detail, let grounded):
            encoding.encode(
                ProtoCaptionRequest.with {
                    $0.options = options.proto
                    $0.detail = detail.rawValue
                    $0.grounded = grounded
                })
        case .detect(let labels):
            encoding.encode(
                ProtoDetectRequest.with {
                    $0.options = options.proto
                    $0.labels = labels
                })
        case .ground(let sentence, let phrases):
            encoding.encode(
                ProtoGroundRequest.with {
                    $0.options = options.proto
                    $0.sentence = sentence
                    $0.phrases = phrases.map(ProtoSpan.init)
                })
        case .align(let caption):
            encoding.encode(
                ProtoAlignRequest.with {
                    $0.options = options.proto
                    $0.caption = caption
                })
        case .refer(let expression):
            encoding.encode(
                ProtoReferRequest.with {
                    $0.options = options.proto
                    $0.expression = expression
                })
        case .describe(let box):
            encoding.encode(
                ProtoDescribeRequest.with {
                    $0.options = options.proto
                    $0.box = box.proto
                })
        case .ask(let question, let grounded):
            encoding.encode(
                ProtoAskRequest.with {
                    $0.options = options.proto
                    $0.question = question
                    $0.grounded = grounded
                })
        case .generate(let prompt):
            encoding.encode(
                ProtoGenerateRequest.with {
                    $0.options = options.proto
                    $0.prompt = prompt
                })
        }
    }
}

extension TaskRequest {
    private static func parse(_ name: GroundingTask.Name, _ body: [UInt8]) throws(RPCStatus) -> TaskRequest {
        switch name {
        case .caption:
            let message = try decode(ProtoCaptionRequest.self, body)
            let detail = try captionDetail(message.detail)
            return TaskRequest(
                .caption(detail: detail, grounded: message.hasGrounded ? message.grounded : true),
                try GenerationOptions(message.options))
        case .detect:
            let message = try decode(ProtoDetectRequest.self, body)
            return TaskRequest(.detect(labels: message.labels), try GenerationOptions(message.options))
        case .ground:
            let message = try decode(ProtoGroundRequest.self, body)
            return TaskRequest(
                .ground(sentence: message.sentence, phrases: try phrases(message.phrases)),
                try GenerationOptions(message.options))
        case .align:
            let message = try decode(ProtoAlignRequest.self, body)
            return TaskRequest(.align(caption: message.caption), try GenerationOptions(message.options))
        case .refer:
            let message = try decode(ProtoReferRequest.self, body)
            return TaskRequest(.refer(expression: message.expression), try GenerationOptions(message.options))
        case .describe:
            let message = try decode(ProtoDescribeRequest.self, body)
            return TaskRequest(.describe(box: NormalizedBox(message.box)), try GenerationOptions(message.options))
        case .ask:
            let message = try decode(ProtoAskRequest.self, body)
            return TaskRequest(
                .ask(question: message.question, grounded: message.hasGrounded ? message.grounded : true),
                try GenerationOptions(message.options))
        case .generate:
            let message = try decode(ProtoGenerateRequest.self, body)
            return TaskRequest(.generate(prompt: message.prompt), try GenerationOptions(message.options))
        }
    }

    private static func decode<M: Message>(_ type: M.Type, _ body: [UInt8]) throws(RPCStatus) -> M {
        do throws(MalformedMessage) {
            return try WireEncoding.decode(type, from: body, unknownFields: .refuse)
        } catch {
            var status = RPCStatus.invalid([FieldViolation("body", error.predicate)])
            status.reason = .malformedBody
            throw status
        }
    }

    private static func captionDetail(_ text: String) throws(RPCStatus) -> CaptionDetail {
        guard let detail = text.isEmpty ? .brief : CaptionDetail(rawValue: text) else {
            throw .invalid([FieldViolation("detail", "is neither brief nor detailed")])
        }
        return detail
    }

    /// A range cannot hold a start after its end, so that is found out here; the rest is `TaskValidation`'s.
    private static func phrases(_ spans: [ProtoSpan]) throws(RPCStatus) -> [Range<Int>] {
        if let index = spans.firstIndex(where: { $0.start >= $0.end }) {
            throw .invalid([
                FieldViolation("phrases[\(index)]", "is [\(spans[index].start), \(spans[index].end)); it is empty")
            ])
        }
        return spans.map { Int($0.start)..<Int($0.end) }
    }
}

extension RPCStatus {
    /// INVALID_ARGUMENT with its violations.
    public static func invalid(_ violations: [FieldViolation]) -> RPCStatus {
        let first = violations.first.map { ": \($0.field) \($0.description)" } ?? ""
        return RPCStatus(.invalidArgument, "the request is not valid\(first)", violations: violations)
    }
}

extension FieldViolation {
    /// The same violation under its path in the request body: the options are a message of their own there.
    public var onTheWire: FieldViolation {
        let paths = [
            "max_new_tokens": "options.max_new_tokens", "no_repeat_ngram": "options.no_repeat_ngram",
            "beams": "options.beam.width", "temperature": "options.sample.temperature",
            "top_p": "options.sample.top_p", "threshold": "options.threshold",
            "tiles": "options.tiles",
        ]
        return FieldViolation(paths[field] ?? field, description)
    }
}
