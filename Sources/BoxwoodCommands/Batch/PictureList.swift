// SPDX-License-Identifier: MIT
import Foundation
import Grounding

/// A line of a list of pictures: `{"custom_id": ..., "image": ...}`, with words of the task where it has its own.
package struct PictureListLine: Sendable, Hashable {
    /// `nil` takes ``image``.
    package let key: String?
    /// The path as the line has it.
    package let image: String
    package let words: TaskWords

    /// - Throws: what is wrong, as what follows the line's place in a sentence.
    package init(_ line: some Sequence<UInt8>) throws(Fault) {
        do {
            let value = try JSONDecoder().decode(Value.self, from: Data(line))
            (key, image, words) = (value.customID, value.image, try value.words())
        } catch let fault as Fault {
            throw fault
        } catch let error as DecodingError {
            throw Fault(predicate: Self.sentence(error))
        } catch {
            throw Fault(predicate: "is not a JSON object")
        }
        guard !image.isEmpty else { throw Fault(predicate: "has an empty image") }
        if let task = words.task, let word = words.stranger(to: task) {
            throw Fault(predicate: "has \(word.rawValue), which \(task.rawValue) does not take")
        }
    }

    package struct Fault: Error, Hashable {
        package let predicate: String
    }

    private static func sentence(_ error: DecodingError) -> String {
        func name(_ context: DecodingError.Context) -> String {
            context.codingPath.first.map { "has a \($0.stringValue) of another type" } ?? "is not a JSON object"
        }
        switch error {
        case .keyNotFound(let key, _): return "has no \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): return name(context)
        case .dataCorrupted: return "is not a JSON object"
        @unknown default: return "is not a JSON object"
        }
    }

    private struct Value: Decodable {
        let customID: String?
        let image: String
        let task: String?
        let labels, phrases: [String]?
        let sentence, caption, expression, question, prompt, tiles: String?
        let box: [Double]?
        let threshold: Double?
        let detailed, plain, grounded: Bool?

        private enum Key: String, CodingKey, CaseIterable {
            case customID = "custom_id"
            case image, task, labels, phrases, sentence, caption, expression, question, prompt, tiles, box
            case threshold, detailed, plain, grounded
        }

        private struct AnyKey: CodingKey {
            let stringValue: String
            let intValue: Int? = nil
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let all = try decoder.container(keyedBy: AnyKey.self).allKeys
            if let stranger = all.map(\.stringValue).sorted().first(where: { Key(rawValue: $0) == nil }) {
                throw Fault(predicate: "has the member \"\(stranger)\", which means nothing here")
            }
            let values = try decoder.container(keyedBy: Key.self)
            customID = try values.decodeIfPresent(String.self, forKey: .customID)
            image = try values.decode(String.self, forKey: .image)
            task = try values.decodeIfPresent(String.self, forKey: .task)
            labels = try values.decodeIfPresent([String].self, forKey: .labels)
            phrases = try values.decodeIfPresent([String].self, forKey: .phrases)
            sentence = try values.decodeIfPresent(String.self, forKey: .sentence)
            caption = try values.decodeIfPresent(String.self, forKey: .caption)
            expression = try values.decodeIfPresent(String.self, forKey: .expression)
            question = try values.decodeIfPresent(String.self, forKey: .question)
            prompt = try values.decodeIfPresent(String.self, forKey: .prompt)
            tiles = try values.decodeIfPresent(String.self, forKey: .tiles)
            box = try values.decodeIfPresent([Double].self, forKey: .box)
            threshold = try values.decodeIfPresent(Double.self, forKey: .threshold)
            detailed = try values.decodeIfPresent(Bool.self, forKey: .detailed)
            plain = try values.decodeIfPresent(Bool.self, forKey: .plain)
            grounded = try values.decodeIfPresent(Bool.self, forKey: .grounded)
        }

        func words() throws(Fault) -> TaskWords {
            var words = TaskWords()
            if let task {
                guard let name = GroundingTask.Name(rawValue: task) else {
                    let names = GroundingTask.Name.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Fault(predicate: "has the task \"\(task)\", which is none of \(names)")
                }
                words.task = name
            }
            (words.labels, words.phrases, words.sentence) = (labels, phrases, sentence)
            (words.caption, words.expression, words.question) = (caption, expression, question)
            (words.prompt, words.threshold) = (prompt, threshold)
            (words.detailed, words.plain, words.grounded) = (detailed, plain, grounded)
            if let tiles {
                guard let tiling = Tiling(tiles) else {
                    throw Fault(predicate: "has tiles that are neither auto nor columns and rows such as 2x2")
                }
                words.tiles = tiling
            }
            if let box {
                guard box.count == 4 else { throw Fault(predicate: "has a box of \(box.count) numbers, not four") }
                words.box = NormalizedBox(xmin: box[0], ymin: box[1], xmax: box[2], ymax: box[3])
            }
            return words
        }
    }
}
