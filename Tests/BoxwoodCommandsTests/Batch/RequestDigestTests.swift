// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Grounding
import Testing
import Wire

/// The digests are those that the Python client computes for the same tasks.
@Suite("The digest of a request")
struct RequestDigestTests {
    private static let cases: [(TaskRequest, String)] = [
        (TaskRequest(.detect(labels: ["dog", "apple"])), "f705351e89480581"),
        (
            TaskRequest(
                .detect(labels: ["dög \"x\""]),
                GenerationOptions(maxNewTokens: 64, threshold: 0.25, tiles: Tiling("2x2+3x3"))), "4463a20c1672a7d3"
        ),
        (
            TaskRequest(
                .detect(labels: ["dog"]), GenerationOptions(noRepeatNgram: 3, threshold: 1, boxDecoding: .reference)),
            "56285c953a59be03"
        ),
        (TaskRequest(.caption(detail: .brief, grounded: true)), "853e8370403d147c"),
        (TaskRequest(.caption(detail: .detailed, grounded: false)), "9cb4d9ccbef00ec0"),
        (TaskRequest(.ground(sentence: "a man and his dog", phrases: [10..<17])), "619e62de67e99c60"),
        (TaskRequest(.align(caption: "A dog.")), "1449b1fbc2af28ed"),
        (TaskRequest(.refer(expression: "the dog"), GenerationOptions(decoding: .beam(width: 3))), "0458220686991f06"),
        (TaskRequest(.describe(box: NormalizedBox(xmin: 0, ymin: 0.25, xmax: 1, ymax: 0.5))), "20a171c6f934e9e9"),
        (
            TaskRequest(
                .ask(question: "What?", grounded: false),
                GenerationOptions(decoding: .sample(temperature: 0.7, topP: 0.9, seed: 7))), "fe6eaae802107284"
        ),
        (TaskRequest(.generate(prompt: "<grounding>An")), "4d6b4f021bbc456f"),
    ]

    @Test(arguments: cases)
    func digest(_ request: TaskRequest, _ digest: String) {
        #expect(RequestDigest.text(request) == digest, "\(RequestDigest.json(request))")
    }
}
