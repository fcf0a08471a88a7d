// SPDX-License-Identifier: MIT
import Foundation
import Grounding
package import Wire

/// A request in the shape of OpenAI's chat completions: what of it means something here. All else is let pass.
package struct ChatCompletion: Sendable, Hashable {
    package let prompt: String
    package let image: [UInt8]
    package let model: String
    package let isStream: Bool
    let maxTokens: Int?

    /// - Throws: 400, with the place of what is wrong.
    package init(_ content: [UInt8]) throws(Problem) {
        let object = try JSONObject.read(content)
        guard let messages = object["messages"] as? [[String: Any]] else {
            throw .invalid("messages", "is no list of messages")
        }
        guard let message = messages.last(where: { $0["role"] as? String == "user" }) else {
            throw .invalid("messages", "has none of the user")
        }
        (prompt, image) = try Self.parts(message["content"])
        model = object["model"] as? String ?? ""
        isStream = object["stream"] as? Bool ?? false
        maxTokens = object["max_completion_tokens"] as? Int ?? object["max_tokens"] as? Int
        guard (object["n"] as? Int ?? 1) == 1 else { throw .invalid("n", "is not 1") }
    }

    /// The texts of a message, one after the other, and its one picture.
    private static func parts(_ content: Any?) throws(Problem) -> (String, [UInt8]) {
        guard let parts = content as? [[String: Any]] else {
            throw .invalid("messages", "has no picture: the user's content is a list with one image_url")
        }
        var texts: [String] = []
        var image: [UInt8]?
        for part in parts {
            switch part["type"] as? String {
            case "text": texts.append(part["text"] as? String ?? "")
            case "image_url":
                guard image == nil else { throw .invalid("messages", "has more than one picture") }
                image = try picture(part["image_url"])
            default: throw .invalid("messages", "has a part that is neither text nor image_url")
            }
        }
        guard let image else { throw .invalid("messages", "has no picture: an image_url") }
        return (texts.joined(separator: "\n"), image)
    }

    private static func picture(_ value: Any?) throws(Problem) -> [UInt8] {
        let url = (value as? [String: Any])?["url"] as? String ?? value as? String
        guard let url, url.hasPrefix("data:"), let image = FormRequest.picture(url) else {
            throw .invalid("messages", "has an image_url that is no data: URI with base64; nothing is fetched")
        }
        return image
    }

    /// What is asked of the model: the box of an expression, or an answer in words.
    package var task: TaskRequest {
        let options = GenerationOptions(
            maxNewTokens: maxTokens.map { max(1, min($0, TaskLimits.maxNewTokens.upperBound)) })
        if let expression = ReferringPrompt.expression(in: prompt) {
            return TaskRequest(.refer(expression: expression), options)
        }
        return TaskRequest(.ask(question: prompt, grounded: false), options)
    }

    /// The answer as the one who asked expects it: four fractions of the picture, or text.
    static func text(of result: GroundingResult) -> String {
        guard result.task == .refer else { return result.caption }
        guard let box = result.entities.first?.boxes.first else { return "[]" }
        let numbers = box.normalized.array.map { number in
            let digits = String(Int((number * 10_000).rounded()) + 100_000)
            return digits == "110000" ? "1.0" : "0." + digits.dropFirst(2)
        }
        return "[" + numbers.joined(separator: ", ") + "]"
    }
}
