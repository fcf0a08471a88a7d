// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import TestSupport
import Testing

@Suite("Boxes behind phrases")
struct ProcessorPromptTests {
    private func text(_ text: String, _ json: String) throws -> String {
        try ProcessorPrompt(text, boxes: PhraseBoxes(json: json)).text
    }

    @Test(
        "each form of a box is written behind its phrase",
        arguments: [
            (
                "<phrase>It</phrase> is", "[[44, 863]]",
                "<phrase>It</phrase><object> <patch_index_0044> <patch_index_0863> </object> is"
            ),
            (
                "<phrase>It</phrase> is", "[[0.375, 0.03125, 1.0, 0.84375]]",
                "<phrase>It</phrase><object> <patch_index_0044> <patch_index_0863> </object> is"
            ),
            (
                "<phrase>It</phrase> is", "[[-1, 12345]]",
                "<phrase>It</phrase><object> <patch_index_-001> <patch_index_12345> </object> is"
            ),
            (
                "<phrase>a</phrase> <phrase>b</phrase>", "[null, [[1, 2], [0.5, 0.5, 7.5e-1, 0.75]]]",
                "<phrase>a</phrase> <phrase>b</phrase><object> <patch_index_0001> <patch_index_0002> "
                    + "</delimiter_of_multi_objects/> <patch_index_0528> <patch_index_0759> </object>"
            ),
            (" \n<phrase>a</phrase>\u{85}", " [ ] ", "<phrase>a</phrase>"),
            ("<phrase>a</phrase>", "null", "<phrase>a</phrase>"),
            ("<phrase>a</phrase>", "[[]]", "<phrase>a</phrase>"),
        ])
    func forms(prompt: String, json: String, expected: String) throws {
        #expect(try text(prompt, json) == expected)
    }

    @Test(
        "what counts as a phrase",
        arguments: [
            ("<phrase></phrase> x<phrase>b</phrase>", 1), ("<phrase></phrase>", 0), ("<phrase>a\nb</phrase>", 0),
            ("<phrase>\na</phrase>", 0), ("<phrase>a<phrase>b</phrase></phrase>", 1), ("<phrase>", 0),
            ("<phrase>a", 0), ("<phrase>a</phrase><phrase>b</phrase>", 2),
        ])
    func phrases(prompt: String, count: Int) throws {
        let boxes = PhraseBoxes(Array(repeating: [.patches(upperLeft: 1, lowerRight: 2)], count: count + 1))
        #expect(throws: PhraseBoxError(.count(phrases: count, boxes: count + 1))) {
            try ProcessorPrompt(prompt, boxes: boxes)
        }
        let fitting = try ProcessorPrompt(prompt, boxes: PhraseBoxes(Array(boxes.phrases.dropLast())))
        #expect(fitting.text.components(separatedBy: "<object>").count == count + 1)
    }

    @Test(
        "what is no box",
        arguments: [
            "[[0, 0, 1, 1]]", "[[1, 2, 3]]", "[[1.0, 2.0]]", "[[1, 2.5]]", "[44, 863]", "[44]", "7", "[[null]]",
            "[[[]]]",
            "[[[[1, 2]]]]", "[[0.0, 0.0, 1.0, 1]]",
        ])
    func notABox(json: String) {
        #expect(throws: PhraseBoxError(.notABox)) { try PhraseBoxes(json: json) }
    }

    @Test(
        "what is no JSON, and where it stops",
        arguments: [
            ("", 0), ("[", 1), ("[1,]", 3), ("[01]", 3), ("[1.]", 3), ("[1e]", 3), ("[-]", 2), ("[] x", 3),
            ("[\"a\"]", 1),
            ("[true]", 1), ("[NaN]", 1), ("[99999999999999999999]", 21), (String(repeating: "[", count: 100_000), 8),
            ("[1\0]", 2), ("nul", 0),
        ])
    func notJSON(json: String, byte: Int) {
        #expect(throws: PhraseBoxError(.notJSON(byte: byte))) { try PhraseBoxes(json: json) }
    }

    @Test("coordinates: both sides of the largest, and the order of the corners")
    func coordinates() throws {
        #expect(throws: Never.self) { try PhraseBoxes(json: "[[-1000000.0, 0.0, 1000000.0, 1.0]]") }
        #expect(throws: PhraseBoxError(.tooLarge)) { try PhraseBoxes(json: "[[0.0, 0.0, 1000000.1, 1.0]]") }
        #expect(throws: PhraseBoxError(.tooLarge)) { try PhraseBoxes(json: "[[0.0, 0.0, 1e999, 1.0]]") }
        #expect(throws: PhraseBoxError(.corners)) { try text("<phrase>a</phrase>", "[[0.5, 0.5, 0.5, 0.6]]") }
        let nan = PhraseBoxes([[.corners(NormalizedBox(xmin: .nan, ymin: 0, xmax: 1, ymax: 1))]])
        #expect(throws: PhraseBoxError(.tooLarge)) { try ProcessorPrompt("<phrase>a</phrase>", boxes: nan) }
    }

    @Test("a megabyte of unclosed phrases is read once")
    func long() throws {
        let prompt = String(repeating: "<phrase>", count: 131_072)
        #expect(throws: PhraseBoxError(.count(phrases: 0, boxes: 1))) { try text(prompt, "[null]") }
    }
}
