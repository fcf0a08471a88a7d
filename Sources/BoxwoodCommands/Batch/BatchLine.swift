// SPDX-License-Identifier: MIT
import Client
import Foundation
package import Grounding
package import Wire

/// A line of a file of results: `{"key", "request", "result" | "error"}`, as the Python client's `map` writes it, too.
package enum BatchLine {
    package static func text(key: String, request: String, _ outcome: Result<GroundingResult, RPCStatus>) -> String {
        let last: (key: String, value: JSONText) =
            switch outcome {
            case .success(let result): ("result", .written(ResultJSON.compact(result)))
            case .failure(let status): ("error", error(status))
            }
        return JSONText.object([("key", .string(key)), ("request", .string(request)), last]).text(indented: false)
            + "\n"
    }

    private static func error(_ status: RPCStatus) -> JSONText {
        var members: [(key: String, value: JSONText)] = [
            ("code", .string(status.code.name)), ("message", .string(status.message)),
            ("retryable", .bool(RetryPolicy().isRetryable(status))),
        ]
        if let reason = status.reason { members.append(("reason", .string(reason.rawValue))) }
        if !status.violations.isEmpty {
            let violations = status.violations.map { violation in
                JSONText.object([
                    ("field", .string(violation.field)), ("description", .string(violation.description)),
                ])
            }
            members.append(("violations", .array(violations)))
        }
        if let delay = status.retryDelayMilliseconds { members.append(("retry_after_ms", .integer(Int(delay)))) }
        return .object(members)
    }

    /// What a run that goes on has to know of a line.
    package struct Mark: Sendable, Hashable {
        package let key: String
        package let request: String
        /// Whether there is a result; else an error.
        package let isResult: Bool
    }

    /// - Returns: `nil` for what is no such line.
    package static func mark(_ bytes: [UInt8]) -> Mark? {
        guard let line = try? JSONDecoder().decode(Head.self, from: Data(bytes)) else { return nil }
        guard line.result != nil || line.error != nil else { return nil }
        return Mark(key: line.key, request: line.request ?? "", isResult: line.result != nil)
    }

    private struct Head: Decodable {
        struct Anything: Decodable {
            init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: NoKey.self) }
            private enum NoKey: CodingKey {}
        }
        let key: String
        let request: String?
        let result: Anything?
        let error: Anything?
    }
}

/// What an export needs of a line with a result.
package struct LoggedResult: Sendable, Decodable {
    package let key: String
    private let result: Body

    private struct Body: Decodable {
        struct Model: Decodable {
            let name, revision, precision: String
        }
        struct Picture: Decodable {
            let width, height: Int
        }
        struct Found: Decodable {
            let phrase: String
            let label: String?
            let boxes: [Box]
        }
        struct Box: Decodable {
            let xmin, ymin, xmax, ymax: Double
            let normalized: [Double]
            let score: Double?
        }
        let model: Model
        let image: Picture
        let entities: [Found]
    }

    /// - Returns: `nil` for a line that has no result.
    package init?(_ bytes: [UInt8]) {
        guard let value = try? JSONDecoder().decode(LoggedResult.self, from: Data(bytes)) else { return nil }
        guard value.result.entities.allSatisfy({ $0.boxes.allSatisfy { $0.normalized.count == 4 } }) else { return nil }
        self = value
    }

    /// The model that answered.
    package var model: String {
        "\(result.model.name) \(result.model.revision) \(result.model.precision)"
    }

    package func picture(named name: String) -> ExportedPicture {
        let detections = result.entities.flatMap { entity in
            entity.boxes.map { box in
                ExportedPicture.Detection(
                    label: entity.label ?? entity.phrase,
                    pixels: PixelBox(xmin: box.xmin, ymin: box.ymin, xmax: box.xmax, ymax: box.ymax),
                    normalized: NormalizedBox(
                        xmin: box.normalized[0], ymin: box.normalized[1], xmax: box.normalized[2],
                        ymax: box.normalized[3]),
                    score: box.score)
            }
        }
        return ExportedPicture(
            name: name, width: result.image.width, height: result.image.height, detections: detections)
    }
}
