// SPDX-License-Identifier: MIT

import Foundation
import Gateway
import Grounding
import Testing
import Wire

@Suite("Prompts that ask for a box")
struct ReferringPromptTests {
    @Test(
        "the expression is taken out of the sentence around it",
        arguments: [
            (
                "Please provide the bounding box coordinate of the region this sentence describes: the left cat.",
                "the left cat"
            ),
            (
                "Bounding box coordinates are specified in the format (top-left x, top-left y, bottom-right x, bottom-right y). "
                    + "All values are floating point numbers bounded between 0 and 1. Please provide the bounding box coordinate of "
                    + "the region this sentence describes: man in red shirt",
                "man in red shirt"
            ),
            (
                "Locate the black dog next to the tree and output its bounding box.",
                "the black dog next to the tree and output its bounding box"
            ),
            (
                "Output the bounding box in the form [x1, y1, x2, y2] of \"the woman with a hat\".",
                "the woman with a hat"
            ),
            ("Please provide the bounding box for <ref>a red ball</ref> in xyxy.", "a red ball"),
            ("What is the bounding box of the U.S. flag?", "the U.S. flag"),
            ("Referring expression: zebra no. 2\nGive its bbox.", "zebra no. 2"),
        ])
    func expressions(prompt: String, expression: String) {
        #expect(ReferringPrompt.expression(in: prompt) == expression)
    }

    @Test(
        "other prompts ask for no box",
        arguments: ["What is in this picture?", "", "Locate the exit.", "Describe it: a bounding bo"])
    func none(prompt: String) {
        #expect(ReferringPrompt.expression(in: prompt) == nil)
    }

    private func chat(_ content: String, more: String = "") throws -> ChatCompletion {
        try ChatCompletion(
            Array(
                #"{"model":"m"\#(more),"messages":[{"role":"system","content":"be brief"},{"role":"user","content":\#(content)}]}"#
                    .utf8))
    }

    private let picture = #"{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,AAEC"}}"#

    @Test("a message with a picture is a question, or a search for a box")
    func tasks() throws {
        let question = try chat(#"[\#(picture),{"type":"text","text":"What is it?"}]"#, more: #","max_tokens":99999"#)
        #expect(question.task.task == .ask(question: "What is it?", grounded: false))
        #expect(question.task.options.maxNewTokens == 2048 && question.image == [0, 1, 2] && !question.isStream)
        let box = try chat(
            #"[{"type":"text","text":"bounding box of the cat."},\#(picture)]"#, more: #","stream":true"#)
        #expect(box.task.task == .refer(expression: "the cat") && box.isStream)
    }

    @Test(
        "messages that cannot be answered",
        arguments: [
            #""only text""#, "[]", #"[{"type":"text","text":"x"}]"#, #"[P,P]"#,
            #"[{"type":"image_url","image_url":{"url":"https://example.com/cat.jpg"}}]"#,
            #"[P,{"type":"input_audio"}]"#,
        ])
    func refused(content: String) {
        #expect(throws: Problem.self) { try chat(content.replacingOccurrences(of: "P", with: picture)) }
    }
}
