// SPDX-License-Identifier: MIT
import BoxwoodCommands
import Grounding
import Imaging
import Testing

@Suite("Results for people")
struct ResultReportTests {
    private func box(_ score: Double?) -> GroundedBox {
        GroundedBox(
            pixels: PixelBox(xmin: 10.4, ymin: 20.6, xmax: 100, ymax: 200),
            normalized: NormalizedBox(xmin: 0.1, ymin: 0.1, xmax: 0.5, ymax: 0.5), score: score,
            patches: PatchPair(upperLeft: 1, lowerRight: 40))
    }

    private func result(
        _ task: GroundingTask.Name, caption: String = "", _ entities: [Entity] = [], warnings: [String] = [],
        finish: FinishReason = .stop
    ) -> GroundingResult {
        GroundingResult(
            id: "1", task: task, model: ModelIdentity(name: "m", revision: "r", precision: "f32"),
            image: ImageDescription(width: 200, height: 400, sha256: "", orientation: 1), caption: caption,
            entities: entities, text: "", finishReason: finish, warnings: warnings)
    }

    private func entity(_ phrase: String, label: String? = nil, source: Entity.Source = .model, _ boxes: [GroundedBox])
        -> Entity
    {
        Entity(phrase: phrase, span: 0..<phrase.unicodeScalars.count, label: label, source: source, boxes: boxes)
    }

    @Test("Detections, and the labels that have none")
    func detect() {
        let lines = ResultReport.lines(
            result(.detect, caption: "dog", [entity("dog", label: "dog", [box(0.954), box(0.1)])]),
            asked: .detect(labels: ["dog", "cat", "a \u{1B}[1mbird"]), width: nil)
        #expect(
            lines == [
                "LABEL  XMIN  YMIN  XMAX  YMAX  SCORE",
                "dog      10    21   100   200   0.95",
                "dog      10    21   100   200   0.10",
                "not found: cat, a [1mbird",
            ])
    }

    @Test("Nothing found says so")
    func nothing() {
        #expect(
            ResultReport.lines(result(.detect), asked: .detect(labels: ["dog"]), width: nil) == ["nothing found"])
    }

    @Test("A caption with its boxes; the caller's own are marked")
    func caption() {
        let entities = [entity("a dog", [box(nil)]), entity("It", source: .request, [box(nil)])]
        let lines = ResultReport.lines(
            result(.caption, caption: "a\u{7} dog", entities), asked: .caption(detail: .brief, grounded: true),
            width: 80)
        #expect(lines[0] == "a dog")
        #expect(lines[1].isEmpty)
        #expect(lines[3].hasPrefix("a dog") && lines[3].hasSuffix("-"))
        #expect(lines[4].hasPrefix("It (given)"))
    }

    @Test("Warnings, and a text that was cut")
    func warnings() {
        let cut = result(.ask, caption: "x", warnings: ["odd\nthing"], finish: .length)
        #expect(ResultReport.warnings(cut).count == 2)
        #expect(ResultReport.warnings(cut)[0] == "warning: odd thing")
        #expect(ResultReport.warnings(result(.ask, caption: "x")).isEmpty)
    }

    @Test("Drawn boxes carry the phrase and the score, one colour for each phrase")
    func drawing() {
        let drawn = ResultDrawing.boxes(result(.caption, [entity("a", [box(0.5), box(nil)]), entity("b", [box(1)])]))
        #expect(drawn.map(\.label) == ["a 0.50", "a", "b 1.00"])
        #expect(drawn.map(\.colorIndex) == [0, 0, 1])
        #expect(drawn[0].xmin == 10.4 && drawn[0].ymax == 200)
    }
}
