// SPDX-License-Identifier: MIT

package import Grounding
package import Imaging

/// A `detect` that looks at a picture and at tiles of it: what is asked of each, and one result out of all answers.
///
/// A layer above the engine's way of answering for one picture: every tile is a picture of its own there, asked with the
/// same labels and the same least score, and scored alike, so scores can be compared.
package struct TiledDetection {
    private let picture: RGBImage
    /// The parts of the picture beside the whole.
    package let tiles: [Tile]

    /// - Parameter image: the bytes of the picture's file.
    package init(_ image: [UInt8], _ tiling: Tiling, limits: ImageLimits) throws(TaskError) {
        do {
            picture = try ImageDecoder.decode(image, limits: limits, mode: .boxwood)
        } catch {
            throw TaskError(error)
        }
        tiles = tiling.tiles(width: picture.width, height: picture.height)
    }

    /// A tile as the bytes of a picture's file, squashed already to what the model reads: squashing it again changes
    /// nothing, and the file is small however large the tile.
    /// - Parameter side: of the model's square picture, in pixels.
    func file(of tile: Tile, side: Int) throws(TaskError) -> [UInt8] {
        let pixels = Preprocessor.squash(picture.cropped(x: tile.x, y: tile.y), side: side)
        do {
            return try PNGEncoder.encode(RGBImage(width: side, height: side, pixels: pixels))
        } catch {
            throw TaskError(error)
        }
    }

    /// - Parameters:
    ///   - labels: those that were asked for.
    ///   - whole: the answer for the whole picture.
    ///   - parts: those for `tiles`, in their order.
    package func merged(_ labels: [String], _ whole: GroundingResult, _ parts: [GroundingResult]) -> GroundingResult {
        precondition(parts.count == tiles.count, "tiled detection: \(parts.count) answers for \(tiles.count) tiles")
        let all = [whole] + parts
        let assembly = ResultAssembly(width: picture.width, height: picture.height)
        let answer = assembly.detection(labels.map { ($0, boxes(of: $0, whole, parts)) })
        var result = whole
        result.caption = answer.caption
        result.entities = answer.entities
        result.text = all.map(\.text).joined(separator: "\n")
        result.finishReason = all.contains { $0.finishReason == .length } ? .length : .stop
        result.warnings = parts.reduce(into: whole.warnings) { known, part in
            known += part.warnings.filter { !known.contains($0) }
        }
        result.usage = Usage(
            promptTokens: all.reduce(0) { $0 + $1.usage.promptTokens },
            generatedTokens: all.reduce(0) { $0 + $1.usage.generatedTokens },
            imageCacheHit: whole.usage.imageCacheHit, tiles: tiles.count)
        result.timing = all.dropFirst().reduce(into: whole.timing) { $0.add($1.timing) }
        return result
    }

    /// The boxes of one label from all parts that are left after merging, best first. Those that a tile's edge cuts are
    /// left out: whatever they show a part of lies whole in the picture, and in another tile unless it is larger than
    /// what tiles share.
    private func boxes(of label: String, _ whole: GroundingResult, _ parts: [GroundingResult]) -> [GroundedBox] {
        var boxes = whole.boxes(of: label)
        var found = boxes.map { TileMerging.Found(box: $0.normalized, score: $0.score ?? 0, part: 0) }
        for (index, (tile, part)) in zip(tiles, parts).enumerated() {
            for box in part.boxes(of: label) where !tile.cuts(box.normalized) {
                let place = tile.inPicture(box.normalized)
                found.append(TileMerging.Found(box: place, score: box.score ?? 0, part: index + 1))
                boxes.append(
                    GroundedBox(
                        pixels: place.pixels(width: picture.width, height: picture.height), normalized: place,
                        score: box.score, patches: LocationGrid.clampedPair(place)))
            }
        }
        return TileMerging.kept(found).map { boxes[$0] }
    }
}

extension GroundingResult {
    /// The boxes of a label; one that was asked for twice has the same boxes twice.
    fileprivate func boxes(of label: String) -> [GroundedBox] {
        entities.first { $0.label == label }?.boxes ?? []
    }
}

extension Timing {
    fileprivate mutating func add(_ other: Timing) {
        queue += other.queue
        decodeImage += other.decodeImage
        vision += other.vision
        prefill += other.prefill
        generate += other.generate
        total += other.total
    }
}

extension Engine {
    /// Asks for the whole picture, then for each tile.
    func tiled(
        id: String, labels: [String], options: GenerationOptions, tiling: Tiling, image: [UInt8],
        cancellation: CancellationFlag
    ) throws(TaskError) -> GroundingResult {
        let task = GroundingTask.detect(labels: labels)
        let violations = TaskValidation.violations(task, options)
        guard violations.isEmpty else { throw TaskError(violations: violations) }
        var plain = options
        plain.tiles = nil
        let whole = try run(id: id, task: task, options: plain, image: image, cancellation: cancellation)
        let detection = try TiledDetection(image, tiling, limits: self.options.imageLimits)
        var parts: [GroundingResult] = []
        for tile in detection.tiles {
            let part = try detection.file(of: tile, side: model.imageSide)
            parts.append(try run(id: id, task: task, options: plain, image: part, cancellation: cancellation))
        }
        return detection.merged(labels, whole, parts)
    }
}
