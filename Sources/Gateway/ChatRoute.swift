// SPDX-License-Identifier: MIT
import Client
import Foundation
import Grounding
import Hummingbird
import NIOCore
import Wire

/// `/v1/chat/completions`, for tools that speak to models in no other way.
struct ChatRoute: Sendable {
    let client: BoxwoodClient

    func answer(_ request: Request) async throws -> Response {
        let headers = try CallHeaders(request.headers)
        return try await CallerWatch.answer(request) { content, _ throws(Problem) in
            let chat = try ChatCompletion(content)
            let task = try TaskRoute.read(chat.task.task.name, chat.task.body(.protobuf))
            let call = TaskCall(client: client, task: task, image: chat.image, headers: headers)
            let frame = Frame(model: chat.model)
            guard chat.isStream else {
                return .whole { JSONResponse.json(frame.whole(try await call.result())) }
            }
            return .stream { writer in
                do {
                    for text in frame.chunks(try await call.result()) {
                        try await writer.write(ByteBuffer(string: "data: \(text)\n\n"))
                    }
                } catch let problem as Problem {
                    try await writer.write(ByteBuffer(string: "data: {\"error\":\(problem.json)}\n\n"))
                }
                try await writer.write(ByteBuffer(string: "data: [DONE]\n\n"))
            }
        }
    }

    /// What is around the text.
    private struct Frame: Sendable {
        let id = "chatcmpl-" + String(UInt64.random(in: .min ... .max), radix: 36)
        let created = Int(Date().timeIntervalSince1970)
        let model: String

        func whole(_ result: GroundingResult) -> String {
            let usage = result.usage
            return object(
                "chat.completion", result,
                choice: [
                    (
                        "message",
                        .object([("role", .string("assistant")), ("content", .string(ChatCompletion.text(of: result)))])
                    ),
                    ("finish_reason", .string(result.finishReason.rawValue)),
                ],
                more: [
                    (
                        "usage",
                        .object([
                            ("prompt_tokens", .integer(usage.promptTokens)),
                            ("completion_tokens", .integer(usage.generatedTokens)),
                            ("total_tokens", .integer(usage.promptTokens + usage.generatedTokens)),
                        ])
                    )
                ])
        }

        /// The text, then why it ends.
        func chunks(_ result: GroundingResult) -> [String] {
            let kind = "chat.completion.chunk"
            let text: JSONText = .object([
                ("role", .string("assistant")), ("content", .string(ChatCompletion.text(of: result))),
            ])
            return [
                object(kind, result, choice: [("delta", text)]),
                object(
                    kind, result,
                    choice: [("delta", .object([])), ("finish_reason", .string(result.finishReason.rawValue))]),
            ]
        }

        private func object(
            _ kind: String, _ result: GroundingResult, choice: [(key: String, value: JSONText)],
            more: [(key: String, value: JSONText)] = []
        ) -> String {
            JSONText.object(
                [
                    ("id", .string(id)), ("object", .string(kind)), ("created", .integer(created)),
                    ("model", .string(model.isEmpty ? result.model.name : model)),
                    ("choices", .array([.object([("index", .integer(0))] + choice)])),
                ] + more
            ).text(indented: false)
        }
    }
}
