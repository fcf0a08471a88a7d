// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Imaging
import Inference
import Testing

@Suite("Detection with tiles", .enabled(if: NanoModel.isPresent, "models/boxwood-nano is not here"))
struct TiledDetectionTests {
    /// A sample scene as a small part of a large grey picture: far smaller than anything the model was taught.
    private func distant() throws -> [UInt8] {
        let data = try Data(contentsOf: URL(fileURLWithPath: NanoModel.folder + "/samples/scene-4.jpg"))
        let scene = try ImageDecoder.decode([UInt8](data))
        let side = scene.width * 2
        var pixels = [UInt8](repeating: 120, count: side * side * 3)
        for row in 0..<scene.height {
            let (from, to) = (row * scene.width * 3, ((row + scene.height) * side + scene.width) * 3)
            pixels.replaceSubrange(to..<to + scene.width * 3, with: scene.pixels[from..<from + scene.width * 3])
        }
        return try PNGEncoder.encode(RGBImage(width: side, height: side, pixels: pixels))
    }

    private static let labels = ["penguin", "cat", "heart", "boat"]

    private func detect(
        _ tiles: String?, _ labels: [String] = labels, image: [UInt8]? = nil, engine: Engine? = nil
    ) throws -> GroundingResult {
        let options = GenerationOptions(tiles: tiles.flatMap { Tiling($0) })
        return try (engine ?? NanoModel.engine()).run(
            id: "a", task: .detect(labels: labels), options: options, image: image ?? distant())
    }

    @Test("Small things are found in tiles, where they are in the picture")
    func finds() throws {
        let (plain, tiled) = (try detect(nil), try detect("2x2"))
        #expect(tiled.entities.count > plain.entities.count)
        #expect(tiled.usage.tiles == 4 && plain.usage.tiles == 0)
        #expect(tiled.usage.promptTokens == 5 * plain.usage.promptTokens)
        #expect(tiled.image == plain.image && tiled.id == "a" && tiled.task == .detect)
        // As samples.json has the cat, in the lower right quarter of a picture of 896 pixels a side.
        let cat: [Double] = [610, 612, 818, 774]
        let box = try #require(tiled.entities.first { $0.label == "cat" }?.boxes.first)
        let there = NormalizedBox(
            xmin: cat[0] / 896, ymin: cat[1] / 896, xmax: cat[2] / 896, ymax: cat[3] / 896)
        #expect(box.normalized.overlap(with: there) > 0.7)
        #expect(box.pixels == box.normalized.pixels(width: 896, height: 896))
        for box in tiled.entities.flatMap(\.boxes) {
            #expect(LocationGrid.isValid(box.patches) && (box.score ?? 0) >= GenerationOptions.detectThreshold)
            #expect(box.normalized.array.allSatisfy { (0...1).contains($0) })
        }
    }

    /// An answer whose boxes of "cat" are given as fractions of its own picture.
    private func answer(_ boxes: [([Double], Double)], warnings: [String] = [], finish: FinishReason = .stop)
        -> GroundingResult
    {
        let found = boxes.map { edges, score in
            GroundedBox(
                pixels: PixelBox(xmin: 0, ymin: 0, xmax: 1, ymax: 1),
                normalized: NormalizedBox(xmin: edges[0], ymin: edges[1], xmax: edges[2], ymax: edges[3]), score: score,
                patches: PatchPair(upperLeft: 0, lowerRight: 1023))
        }
        return GroundingResult(
            id: "a", task: .detect, model: ModelIdentity(name: "m", revision: "r", precision: "f32"),
            image: ImageDescription(width: 100, height: 60, sha256: "", orientation: 1), caption: "cat",
            entities: [Entity(phrase: "cat", span: 0..<3, label: "cat", source: .model, boxes: found)], text: "t",
            finishReason: finish, warnings: warnings, usage: Usage(promptTokens: 5, generatedTokens: 2))
    }

    @Test("A box that a tile's edge cuts gives way to a whole one, however sure it is")
    func cut() throws {
        let picture = try PNGEncoder.encode(
            RGBImage(width: 100, height: 60, pixels: [UInt8](repeating: 9, count: 100 * 60 * 3)))
        let grid = Tiling.grids([.init(columns: 2, rows: 1)])
        let detection = try TiledDetection(picture, grid, limits: ImageLimits())
        #expect(detection.tiles.map(\.x) == [0..<58, 42..<100])
        let whole = answer([([0.3, 0.2, 0.7, 0.8], 0.7)], warnings: ["odd"])
        let left = answer([([0.52, 0.2, 1, 0.8], 0.9), ([0.1, 0.1, 0.2, 0.3], 0.8)], warnings: ["odd", "cut"])
        let right = answer([([0, 0.2, 0.48, 0.8], 0.95)], finish: .length)
        let result = detection.merged(["dog", "cat"], whole, [left, right])
        let boxes = try #require(result.entities.first).boxes
        #expect(result.entities.map(\.label) == ["cat"] && boxes.map(\.score) == [0.8, 0.7])
        #expect(boxes[1] == whole.entities[0].boxes[0])
        #expect(abs(boxes[0].pixels.xmin - 5.8) < 1e-9 && abs(boxes[0].pixels.ymax - 18) < 1e-9)
        #expect(boxes[0].patches == LocationGrid.clampedPair(boxes[0].normalized))
        #expect(result.warnings == ["odd", "cut"] && result.finishReason == .length && result.text == "t\nt\nt")
        #expect(result.usage.promptTokens == 15 && result.usage.generatedTokens == 6 && result.usage.tiles == 2)
    }

    @Test("Labels stay apart and in order, and one that is asked for twice is answered twice")
    func labels() throws {
        let image = try distant()
        let together = try detect("2x2", ["cat", "penguin", "cat"], image: image)
        let alone = try detect("2x2", ["penguin"], image: image)
        #expect(together.entities.map(\.label) == ["cat", "penguin", "cat"])
        #expect(together.caption == "cat, penguin, cat")
        #expect(together.entities[1].boxes == alone.entities[0].boxes)
        #expect(together.entities[0].boxes == together.entities[2].boxes)
    }

    @Test("A small picture has no tiles by itself; then, and with one tile, the answer is the whole picture's")
    func none() throws {
        let small = try NanoModel.picture()
        let (plain, auto) = (try detect(nil, image: small), try detect("auto", image: small))
        #expect(auto.usage.tiles == 0 && auto.entities == plain.entities)
        let one = try detect("1x1", image: small)
        #expect(one.usage.tiles == 1 && one.entities == plain.entities)
    }

    @Test("The same bytes of result again, in another engine too")
    func repeats() throws {
        let image = try distant()
        let engine = try NanoModel.engine()
        let first = try detect("2x2", image: image, engine: engine).lasting
        #expect(try detect("2x2", image: image, engine: engine).lasting == first)
        #expect(try detect("2x2", image: image).lasting == first)
    }

    @Test("Tiles and captions side by side with other tasks give what they give alone")
    func sideBySide() throws {
        let image = try distant()
        let scene = [UInt8](try Data(contentsOf: URL(fileURLWithPath: NanoModel.folder + "/samples/scene-4.jpg")))
        let tiled = GenerationOptions(tiles: .auto)
        let tasks: [(GroundingTask, GenerationOptions, [UInt8])] = [
            (.detect(labels: Self.labels), tiled, image), (.align(caption: "An image of a cat."), .init(), scene),
            (.caption(detail: .brief, grounded: true), .init(), scene), (.detect(labels: ["heart"]), tiled, image),
            (.align(caption: "An image of a penguin and a heart."), .init(), scene),
        ]
        let engine = try NanoModel.engine()
        let tickets = tasks.map { engine.submit(id: "a", task: $0, options: $1, image: $2) }
        var ended: [JobTicket: GroundingResult] = [:]
        while !engine.isIdle {
            for job in engine.advance() {
                #expect(ended[job.ticket] == nil)
                ended[job.ticket] = try job.outcome.get()
            }
        }
        #expect(Set(ended.keys) == Set(tickets))
        for (ticket, (task, options, picture)) in zip(tickets, tasks) {
            let alone = try NanoModel.engine().run(id: "a", task: task, options: options, image: picture)
            #expect(ended[ticket]?.lasting.entities == alone.lasting.entities && !alone.entities.isEmpty)
            #expect(ended[ticket]?.text == alone.text)
        }
    }

    @Test("Too many tiles and other tasks are refused before the picture is looked at")
    func refusals() throws {
        let tiling = Tiling.grids([.init(columns: 5, rows: 4)])
        for (task, options) in [
            (GroundingTask.detect(labels: ["cat"]), GenerationOptions(tiles: tiling)),
            (.refer(expression: "cat"), GenerationOptions(tiles: .auto)),
        ] {
            let error = #expect(throws: TaskError.self) {
                try NanoModel.engine().run(id: "a", task: task, options: options, image: [1, 2, 3])
            }
            #expect(error?.violations.map(\.field) == ["tiles"])
        }
    }

    @Test("Cancelling ends it, and a picture that is none is refused")
    func ends() throws {
        let (engine, flag) = (try NanoModel.engine(), CancellationFlag())
        flag.cancel()
        let options = GenerationOptions(tiles: .auto)
        let cancelled = #expect(throws: TaskError.self) {
            try engine.run(
                id: "a", task: .detect(labels: ["cat"]), options: options, image: distant(), cancellation: flag)
        }
        #expect(cancelled?.code == .cancelled)
        let broken = #expect(throws: TaskError.self) {
            try engine.run(id: "a", task: .detect(labels: ["cat"]), options: options, image: [1, 2, 3])
        }
        #expect(broken?.violations.map(\.field) == ["image"])
    }
}
