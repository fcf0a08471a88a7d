// SPDX-License-Identifier: MIT

import Checkpoints
import Foundation
import Grounding
import Inference
import Tensors
import TestSupport
import Testing

/// Runs recorded anew from their pictures and texts.
@Suite("Recordings made again", .enabled(if: Goldens.available, "the recordings are not on this machine"))
struct ReferenceForwardTests {
    static let tolerance: Float = 1e-4

    static let entries = Recording.all.filter { $0.checkpoint == "micro-s8" }

    /// What a document says beyond `Recording.Document`.
    struct Texts: Decodable, Equatable {
        struct Row: Decodable, Equatable {
            var decoded: Decoded
        }
        struct Decoded: Decodable, Equatable {
            var new: [String: String]
            var full: [String: String]
            var captionRaw: String
            var caption: String
            var entities: [Named]
        }
        struct Named: Decodable, Equatable {
            var name: String
            var span: [Int]
            var boxes: [[Double]]
        }
        var greedy: [String: [Row]]
    }

    @Test("Ids, texts, beams and tensors are the recorded ones", arguments: entries)
    func again(entry: Recording.Entry) throws {
        let recording = try Recording(entry)
        let (tensors, golden) = try ReferenceForward.run(request(entry, recording.document))
        let got = try JSONDecoder().decode(Recording.Document.self, from: golden)
        let want = recording.document
        #expect(got.texts == want.texts && got.images == want.images)
        #expect(got.input_ids == want.input_ids && got.attention_mask == want.attention_mask)
        #expect(got.image_embeds_position_mask == want.image_embeds_position_mask)
        #expect(got.rows_alone == want.rows_alone)
        guard want.texts.count == 1 else { return }
        for mode in ["plain", "ngram3"] {
            #expect(got.greedy[mode]?.map(\.new_ids) == want.greedy[mode]?.map(\.new_ids))
            #expect(got.beam?[mode]?.map(\.sequences) == want.beam?[mode]?.map(\.sequences))
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(try decoder.decode(Texts.self, from: golden) == decoder.decode(Texts.self, from: document(entry)))
        compare(tensors, recording)
    }

    private func compare(_ tensors: [SafetensorsWriter.Entry], _ recording: Recording) {
        let floats = tensors.filter { $0.elementType == .float32 }
        for tensor in floats {
            guard let expected = recording.floats(tensor.name) else { continue }
            let values = tensor.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            #expect(recording.tensors?.tensor(tensor.name)?.shape == tensor.shape, "\(tensor.name)")
            let far = distance(values, expected)
            #expect(far.maximum <= Self.tolerance, "\(tensor.name): \(far)")
        }
        let names = Set(tensors.map(\.name))
        #expect(names.isSuperset(of: recording.tensors?.names ?? []))
        guard let pixels = recording.pixelBytes(row: 0) else { return }
        #expect(tensors.first { $0.name == "pixel_u8" }.map { [UInt8]($0.bytes) } == pixels)
    }

    private func request(
        _ entry: Recording.Entry, _ document: Recording.Document
    ) throws -> ReferenceForwardRequest {
        ReferenceForwardRequest(
            modelFolder: Goldens.path("ckpt/\(entry.checkpoint)"),
            images: try document.images.map { .init(name: $0, bytes: [UInt8](try Goldens.data("images/" + $0))) },
            texts: document.texts, boxes: try boxes(entry), maxNewTokens: document.max_new_tokens,
            beams: document.beams ?? 0, decodesLikeReference: true, threads: 2)
    }

    private func document(_ entry: Recording.Entry) throws -> Data {
        guard !entry.file.hasSuffix(".json") else { return try Goldens.data("runs/" + entry.file) }
        let file = try SafetensorsFile(path: Goldens.path("runs/" + entry.file))
        return Data(try #require(file.metadata["golden"]).utf8)
    }

    /// The JSON of each text's boxes.
    private func boxes(_ entry: Recording.Entry) throws -> [String?] {
        struct Boxes: Decodable {
            var bboxes: [Nested]?
        }
        let boxes = try JSONDecoder().decode(Boxes.self, from: document(entry)).bboxes
        return boxes?.map { $0 == .null ? nil : $0.json } ?? []
    }

    /// Lists of lists of numbers. Four numbers are fractions, two are indices.
    enum Nested: Decodable, Equatable {
        case null
        case number(Double)
        case list([Nested])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else {
                self = .list(try value.decode([Nested].self))
            }
        }

        var json: String {
            switch self {
            case .null: "null"
            case .number(let number): "\(Int(number))"
            case .list(let items):
                "["
                    + items.map { item in
                        if case .number(let number) = item, items.count == 4 { "\(number)" } else { item.json }
                    }.joined(separator: ", ") + "]"
            }
        }
    }
}

@Suite("Recording requests that are refused", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct ReferenceForwardRefusalTests {
    private func fields(_ change: (inout ReferenceForwardRequest) -> Void) throws -> [String] {
        var request = ReferenceForwardRequest(
            modelFolder: NanoModel.folder, images: [.init(name: "a.png", bytes: try NanoModel.picture())],
            texts: ["<phrase> a</phrase>"])
        change(&request)
        return try #require(throws: TaskError.self) { _ = try ReferenceForward.run(request) }.violations.map(\.field)
    }

    @Test("Each by its field")
    func refused() throws {
        #expect(try fields { $0.texts = [] } == ["text", "image"])
        #expect(try fields { $0.texts.append("b") } == ["image"])
        #expect(try fields { $0.boxes = [nil, nil] } == ["bboxes"])
        #expect(try fields { $0.maxNewTokens = 0 } == ["max_new_tokens"])
        #expect(try fields { $0.noRepeatNgram = -1 } == ["no_repeat_ngram"])
        #expect(try fields { $0.beams = 9 } == ["beams"])
        #expect(try fields { $0.threads = 0 } == ["threads"])
        #expect(try fields { $0.images[0].bytes = [1] } == ["images[0]"])
        #expect(try fields { $0.boxes = ["[[1, 2], [3, 4]]"] } == ["bboxes[0]"])
        #expect(try fields { $0.boxes = ["{"] } == ["bboxes[0]"])
        #expect(try fields { $0.maxNewTokens = 2000 } == ["texts[0]"])
    }

    @Test("A batch is padded on the left, and tensors of unequal shapes are left out")
    func batch() throws {
        let picture = ReferenceForwardRequest.Picture(name: "a.png", bytes: try NanoModel.picture())
        let request = ReferenceForwardRequest(
            modelFolder: NanoModel.folder, images: [picture, picture], texts: ["a", "a red disc and a square"],
            maxNewTokens: 3, versions: ["boxwood": "test"])
        let (tensors, golden) = try ReferenceForward.run(request)
        let document = try JSONDecoder().decode(Recording.Document.self, from: golden)
        #expect(document.input_ids[0].count == document.input_ids[1].count)
        #expect(document.input_ids[0][0] == 1 && document.attention_mask[0][0] == 0)
        #expect(document.input_ids[1][0] == 0 && !document.attention_mask[1].contains(0))
        #expect(document.image_embeds_position_mask.allSatisfy { $0.reduce(0, +) == 64 })
        #expect(document.rows_alone?["plain"] == document.greedy["plain"]?.map(\.new_ids))
        let shapes = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.shape.extents) })
        #expect(shapes["image_embeds"]?.prefix(2) == [2, 64])
        #expect(shapes["text.embed_sum"] == nil && shapes["pixel_u8"] == [2, 224, 224, 3])
    }
}
