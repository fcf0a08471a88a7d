// SPDX-License-Identifier: MIT

import Grounding
import TestSupport
import Testing

/// What holds of the parser for any text at all: checked on texts drawn at random under fixed seeds.
@Suite("Grounded text, any text")
struct ParserPropertyTests {
    private static let pieces = [
        "<phrase>", "</phrase>", "<object>", "</object>", "</delimiter_of_multi_objects/>", "<grounding>", "<image>",
        "</image>", "</s>", "<patch_index_0044>", "<patch_index_0863>", "<patch_index_1023>", "<patch_index_1024>",
        "<patch_index_0000>", "<patch_index_", "<patch_index_99999999999999999999>", "<patch_index_\u{664}\u{668}>",
        "<",
        ">", "\n", "\r\n", " ", "\u{A0}", "\u{1C}", "a", " dog", "e\u{301}", "\u{301}", "\u{1F468}\u{200D}\u{1F469}",
        "\0",
    ]

    /// Well-formed pieces among the others, so that entities do occur.
    private static func text(_ random: inout Seeded) -> String {
        (0..<Int.random(in: 0...24, using: &random)).map { _ in
            guard Int.random(in: 0..<4, using: &random) == 0 else { return pieces.randomElement(using: &random)! }
            let pair = (0..<2).map { _ in Tag.patchIndex(Int.random(in: 0..<1100, using: &random)) }.joined()
            return "<phrase> a dög </phrase><object>\(pair)</object>"
        }.joined()
    }

    @Test("strict: boxes lie in the picture with an area, spans in the caption", arguments: 0..<8)
    func strict(seed: UInt64) {
        var random = Seeded(seed)
        var boxes = 0
        for _ in 0..<500 {
            let text = Self.text(&random)
            let parsed = GroundedTextParser(.strict).parse(text)
            let length = parsed.caption.unicodeScalars.count
            for entity in parsed.entities {
                #expect(entity.span.upperBound <= length, "\(text.debugDescription)")
                #expect(!entity.boxes.isEmpty)
                for box in entity.boxes.map(\.normalized) {
                    boxes += 1
                    #expect(box.array.allSatisfy { (0...1).contains($0) } && box.xmin < box.xmax && box.ymin < box.ymax)
                }
            }
        }
        #expect(boxes > 100)
    }

    @Test(
        "strict: a box behind the last word stands at the caption's end, whatever blanks are taken off it",
        arguments: ["a dog ", "a dog \n\u{A0}", " a dog\t", "  "])
    func boxBehindBlanks(text: String) {
        let box = "<object><patch_index_0044><patch_index_0863></object>"
        let parsed = GroundedTextParser(.strict).parse(text + box)
        let end = parsed.caption.unicodeScalars.count
        #expect(parsed.entities.map(\.span) == [end..<end])
        #expect(parsed.entities.first?.start == end && parsed.entities.first?.end == end)
    }

    @Test("strict: the span of a phrase spells the phrase, when its text holds no other tag", arguments: 0..<4)
    func spans(seed: UInt64) {
        var random = Seeded(seed)
        let words = ["a", " dög", " e\u{301}", "\u{1F468}\u{200D}\u{1F469}", "\u{A0}", " ", ".", "x\u{1F}"]
        for _ in 0..<500 {
            func some() -> String { (0..<3).map { _ in words.randomElement(using: &random)! }.joined() }
            let text =
                "<grounding>\(some())<phrase>\(some())q</phrase><object><patch_index_0044><patch_index_0863></object>"
            let parsed = GroundedTextParser(.strict).parse(text + some())
            #expect(parsed.entities.count == 1 && parsed.warnings.isEmpty)
            for entity in parsed.entities {
                let spelled = Array(parsed.caption.unicodeScalars)[entity.span].map(\.value)
                #expect(spelled == entity.name.unicodeScalars.map(\.value), "\(text.debugDescription)")
            }
        }
    }

    @Test("reference mode never traps and its caption is strict mode's", arguments: 0..<4)
    func reference(seed: UInt64) {
        var random = Seeded(seed &+ 1000)
        for _ in 0..<500 {
            let text = Self.text(&random)
            #expect(
                GroundedTextParser(.reference).parse(text).caption == GroundedTextParser(.strict).parse(text).caption)
        }
    }

    @Test(
        "what is malformed gives no box and one warning, which says where",
        arguments: [
            ("x<object><patch_index_0001></object>", "1 malformed box sequence was ignored, at character 1"),
            ("<object><patch_index_0001><patch_index_0002>", "1 malformed box sequence was ignored, at character 0"),
            ("<object></object>", "1 malformed box sequence was ignored, at character 0"),
            ("<patch_index_0001><patch_index_0002>", "1 malformed box sequence was ignored, at character 0"),
            (
                "a<object> <patch_index_0001> <patch_index_0002> </object>",
                "1 malformed box sequence was ignored, at character 1"
            ),
            (
                "<object><patch_index_0001><patch_index_0040></delimiter_of_multi_objects/><patch_index_0001></object>",
                "1 malformed box sequence was ignored, at character 0"
            ),
            ("ab<patch_index_0001> c <object>", "2 malformed box sequences were ignored, the first at character 2"),
            (
                "<phrase>x</phrase><object><patch_index_1024><patch_index_1025></object>",
                "the box 1024, 1025 of \"x\" lies outside the location grid and was dropped"
            ),
            (
                "<phrase>x</phrase><object><patch_index_0863><patch_index_0044></object>",
                "the box 863, 44 of \"x\" has its corners the wrong way round and was dropped"
            ),
        ])
    func warnings(text: String, warning: String) {
        let parsed = GroundedTextParser(.strict).parse(text)
        #expect(parsed.entities.isEmpty)
        #expect(parsed.warnings == [warning])
        #expect(GroundedTextParser(.reference).parse(text).warnings.isEmpty)
    }

    @Test(
        "half a megabyte of one tag is read once",
        arguments: ["<phrase>", "<object>", "<object><patch_index_0001>", "<", "<patch_index_", "</image"])
    func long(piece: String) {
        let text = String(repeating: piece, count: 524_288 / piece.utf8.count)
        #expect(GroundedTextParser(.strict).parse(text).entities.isEmpty)
    }
}

/// A small generator with a seed (Steele, Lea and Flood 2014, SplitMix64), so that a failure can be seen again.
private struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
