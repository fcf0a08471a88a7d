// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import TestSupport
import Testing

/// Every call of the reference's processor that was recorded, with its boxes.
///
/// The recordings are ids, and this room knows none. But tags are encoded one to one, and the stretches between them
/// each afresh: so text and ids must have the same tags in the same places, and over all calls each stretch its own ids.
@Suite(
    "Boxes behind phrases against the reference",
    .enabled(if: Goldens.available, "the reference's recordings are not here"))
struct ProcessorGoldenTests {
    /// `text` and `ids` in the order of the file, and the boxes as they are written there: `1` is not `1.0`.
    struct Call: Decodable {
        var text: String
        var image: Bool
        var ids: [Int]?
        var error: String?
        var boxes = ""

        enum CodingKeys: String, CodingKey {
            case text, image, error
            case ids = "input_ids"
        }
    }

    static func recorded() throws -> [Call] {
        let file = String(decoding: try Goldens.data("tokenizer_cases.json"), as: UTF8.self)
        let lines = file.split(separator: "\n").drop { $0 != "\"processor\": [" }.dropFirst()
        return try lines.prefix { $0.hasPrefix("{") }.map { line in
            let row = line.hasSuffix(",") ? line.dropLast() : line
            var call = try JSONDecoder().decode(Call.self, from: Data(row.utf8))
            let start = try #require(row.range(of: "\"bboxes\": ")).upperBound
            let end = try #require(row.range(of: ", \"image\": ")).lowerBound
            call.boxes = String(row[start..<end])
            return call
        }
    }

    @Test("94 calls give the same tags around the same words, or the same error")
    func calls() throws {
        let calls = try Self.recorded()
        #expect(calls.count == 94)
        var words: [String: [Int]] = [:]
        for call in calls {
            let result = Result { () throws(PhraseBoxError) in
                try ProcessorPrompt(call.text, boxes: PhraseBoxes(json: call.boxes)).text
            }
            switch result {
            case .failure(let error):
                #expect(call.error.map { Self.says($0, error.code) } == true, "\(call.text) \(call.boxes): \(error)")
            case .success(let text):
                let ids = try #require(call.ids, "\(call.text) \(call.boxes) should be refused")
                let prefix = call.image ? [0, 64003] + Array(4..<68) + [64004] : [0]
                #expect(Array(ids.prefix(prefix.count)) == prefix)
                compare(Parts(text), Parts(Array(ids.dropFirst(prefix.count))), &words, "\(call.text) \(call.boxes)")
            }
        }
        // What the model has no pieces for is id 3, whatever it was; all other words differ.
        let known = words.values.filter { !$0.contains(3) }
        #expect(words["is"] == [17] && known.count > 10 && Set(known).count == known.count)
    }

    private func compare(_ text: Parts<String>, _ ids: Parts<[Int]>, _ words: inout [String: [Int]], _ name: String) {
        #expect(text.tags == ids.tags, "\(name)")
        #expect(text.stretches.map(\.isEmpty) == ids.stretches.map(\.isEmpty), "\(name)")
        for (stretch, own) in zip(text.stretches, ids.stretches) {
            let before = words.updateValue(own, forKey: stretch)
            #expect(before == nil || before == own, "\(name): \(stretch)")
        }
    }

    private static func says(_ message: String, _ code: PhraseBoxError.Code) -> Bool {
        switch code {
        case .notABox: message.contains("either `None`, a tuple containing 2 integers or 4 float")
        case .corners: message.contains("`x2 > x1` and `y2 > y1`")
        case .count(let phrases, let boxes): message.contains("Got \(phrases) v.s. \(boxes) instead")
        case .notJSON, .tooLarge: false
        }
    }
}

/// A prompt taken apart into its tags, by id, and what lies between them: always one stretch more than tags.
private struct Parts<Stretch> {
    var tags: [Int] = []
    var stretches: [Stretch] = []
}

extension Parts where Stretch == String {
    /// The published model's tags by spelling.
    private static let ids: [String: Int] = {
        let names = [
            "</doc>", "<image>", "</image>", "</chunk>", "</line>", "<phrase>", "</phrase>", "<object>", "</object>",
            "</delimiter_of_multi_objects/>", "<grounding>",
        ]
        let tags = names + (0..<1024).map { "<patch_index_" + String("\(10_000 + $0)".dropFirst()) + ">" }
        let specials = ["<s>": 0, "</s>": 2]
        return specials.merging(tags.enumerated().map { ($1, 64002 + $0) }) { first, _ in first }
    }()

    init(_ text: String) {
        var rest = Substring(text)
        var stretch = ""
        while let scalar = rest.first {
            let tag = rest.prefix { $0 != ">" } + ">"
            if scalar == "<", rest.hasPrefix(tag), let id = Self.ids[String(tag)] {
                tags.append(id)
                stretches.append(stretch.trimmingCharacters(in: .whitespacesAndNewlines))
                stretch = ""
                rest = rest.dropFirst(tag.count)
            } else {
                stretch.append(scalar)
                rest = rest.dropFirst()
            }
        }
        stretches.append(stretch.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

extension Parts where Stretch == [Int] {
    init(_ ids: [Int]) {
        var stretch: [Int] = []
        for id in ids {
            if id >= 64002 || id == 0 || id == 2 {
                tags.append(id)
                stretches.append(stretch)
                stretch = []
            } else {
                stretch.append(id)
            }
        }
        stretches.append(stretch)
    }
}
