// SPDX-License-Identifier: MIT

import Foundation
import Tokenization

/// The JSON document of a recording.
struct ReferenceDocument {
    private let request: ReferenceForwardRequest
    private let rows: [ReferenceRow]
    private let specials: SpecialTokens
    /// The length of the longest prompt; shorter ones are padded on the left.
    private let width: Int

    init(_ request: ReferenceForwardRequest, rows: [ReferenceRow], specials: SpecialTokens) {
        self.request = request
        self.rows = rows
        self.specials = specials
        width = rows.map(\.prompt.count).max() ?? 0
    }

    /// UTF-8, one line for each key.
    func encoded() throws -> Data {
        var fields: [(key: String, value: String)] = [
            ("texts", try json(request.texts)),
            // As given, so that whole and decimal numbers stay apart.
            ("bboxes", request.boxes.isEmpty ? "null" : list(request.boxes.map { $0 ?? "null" })),
            ("input_ids", try json(rows.map { padded(left: $0.prompt, with: specials.pad) })),
            ("attention_mask", try json(rows.map { padded(left: [Int](repeating: 1, count: $0.prompt.count)) })),
            ("image_embeds_position_mask", try json(rows.map { padded(left: imageMask($0.prompt)) })),
            ("max_new_tokens", try json(request.maxNewTokens)),
            ("greedy", try json(greedy)),
        ]
        if rows.count > 1 { fields.append(("rows_alone", try json(greedy.mapValues { $0.map(\.newIds) }))) }
        if request.beams > 0 {
            fields.append(("beams", try json(request.beams)))
            fields.append(("beam", try json(byMode(rows.map(\.beam)))))
        }
        fields += [
            ("images", try json(request.images.map(\.name))),
            ("versions", try json(request.versions)),
            ("threads", try json(request.threads)),
            ("padding_side", rows.count > 1 ? "\"left\"" : "null"),
        ]
        let lines = try fields.map { try json($0.key) + ": " + $0.value }
        return Data(("{\n" + lines.joined(separator: ",\n") + "\n}\n").utf8)
    }

    private var greedy: [String: [GreedyRecord]] {
        let modes = byMode(rows.map(\.greedy))
        guard rows.count > 1 else { return modes }
        return modes.mapValues { records in
            let longest = records.map(\.newIds.count).max() ?? 0
            return records.map { record in
                var record = record
                let missing = longest - record.newIds.count
                record.paddedNewIds = record.newIds + [Int](repeating: specials.pad, count: missing)
                return record
            }
        }
    }

    /// The answers of all rows under each mode.
    private func byMode<Answer>(_ rows: [[(mode: String, answer: Answer)]]) -> [String: [Answer]] {
        rows.reduce(into: [:]) { modes, row in
            for (mode, answer) in row { modes[mode, default: []].append(answer) }
        }
    }

    private func padded(left ids: [Int], with padding: Int = 0) -> [Int] {
        [Int](repeating: padding, count: width - ids.count) + ids
    }

    /// 1 where the picture's embeddings stand: between the first `<image>` and `</image>`.
    private func imageMask(_ prompt: [Int]) -> [Int] {
        let end = prompt.firstIndex(of: specials.endImage) ?? 0
        return prompt.indices.map { (PromptEncoder.imagePosition..<end).contains($0) ? 1 : 0 }
    }

    private func list(_ items: [String]) -> String { "[" + items.joined(separator: ", ") + "]" }

    /// The document's keys are in snake case.
    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
