// SPDX-License-Identifier: MIT
import Foundation
import Grounding
import Wire

extension FuzzTarget {
    /// Results, as workers send them and clients read them: binary and JSON are the same result, and the JSON is JSON.
    static let results = FuzzTarget(
        "results", runs: 4000, words: ResultsTarget.words, seeds: ResultsTarget.seeds, check: ResultsTarget.check)
}

private enum ResultsTarget {
    static let words = [
        "\"id\"", "\"task\"", "\"model\"", "\"name\"", "\"revision\"", "\"precision\"", "\"image\"", "\"width\"",
        "\"height\"", "\"sha256\"", "\"orientation\"", "\"caption\"", "\"entities\"", "\"phrase\"", "\"span\"",
        "\"label\"", "\"source\"", "\"boxes\"", "\"normalized\"", "\"score\"", "\"patches\"", "\"text\"",
        "\"finish_reason\"", "\"warnings\"", "\"usage\"", "\"timing_ms\"", "\"attempts\"", "\"tiles\"", "detect",
        "stop", "length", "request", "\"NaN\"", "-0.0", "1e308", "4294967295", "\\ud83d\\ude00", "\u{2028}",
    ]

    static let example = GroundingResult(
        id: "7", task: .detect, model: ModelIdentity(name: "boxwood-nano", revision: "0123abcd", precision: "f32"),
        image: ImageDescription(width: 640, height: 480, sha256: "00ff", orientation: 6),
        caption: "a \"red\" square\n\u{2028}🟥",
        entities: [
            Entity(
                phrase: "a square", span: 0..<8, label: "square", source: .model,
                boxes: [
                    GroundedBox(
                        pixels: PixelBox(xmin: 0, ymin: 7.5, xmax: 640, ymax: 480),
                        normalized: NormalizedBox(xmin: 0, ymin: 0.015625, xmax: 1, ymax: 1), score: 0.25,
                        patches: PatchPair(upperLeft: 0, lowerRight: 1023))
                ]),
            Entity(phrase: "nothing", span: 3..<3, source: .request, boxes: []),
        ], text: "<grounding>", finishReason: .length, warnings: ["odd", ""],
        usage: Usage(promptTokens: 75, imageCacheHit: true, cachedPromptTokens: 67, tiles: 4),
        timing: Timing(decodeImage: 0.1, vision: 1e-7, prefill: 1e21, generate: 2, total: 3), attempts: 2)

    static func seeds() throws -> [(name: String, bytes: [UInt8])] {
        let recorded = try ProjectFiles.recordedMessages().filter { message in
            ["broker>client", "worker>broker"].contains(message.way) && message.frames.count == 4
                && !message.frames[3].isEmpty
        }
        return WireEncoding.allCases.map { ("example-\($0)", example.body($0)) }
            + recorded.map { ($0.name, $0.frames[3]) }
    }

    static func check(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        try checkEvent(input)
        let result: GroundingResult
        do throws(RPCStatus) {
            result = try GroundingResult(body: input)
        } catch {
            try promise(error.code == .internal && error.reason == .malformedBody, "a bad result is no client's fault")
            try PublicText.check(error.description, quoting: input)
            return false
        }
        let binary = result.body(.protobuf)
        let texts = [ResultJSON.compact(result), ResultJSON.pretty(result)]
        try promise(!texts[0].contains("\n"), "the compact form is one line")
        for body in [binary] + texts.map({ Array($0.utf8) }) {
            let again = try? GroundingResult(body: body)
            try promise(again == result, "a result is the same in every form", texts[0])
        }
        for text in texts {
            try promise((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil, "its JSON is JSON", text)
        }
        return true
    }

    /// The same bytes as an event of a stream.
    private static func checkEvent(_ input: [UInt8]) throws(BrokenPromise) {
        guard let event = try? GroundingEvent(body: input) else { return }
        for encoding in WireEncoding.allCases {
            let again = try? GroundingEvent(body: event.body(encoding))
            try promise(again == event, "an event is the same in both encodings", "\(event)")
        }
    }
}
