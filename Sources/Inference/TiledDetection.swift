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
            imageCacheHit: whole.usage.imageCacheHit,
            cachedPromptTokens: all.reduce(0) { $0 + $1.usage.cachedPromptTokens }, tiles: tiles.count)
        result.timing = all.dropFirst().reduce(into: whole.timing) { $0.stretch(to: $1.timing) }
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
    /// Takes over what another part took longer for: parts go on side by side.
    fileprivate mutating func stretch(to other: Timing) {
        queue = max(queue, other.queue)
        decodeImage = max(decodeImage, other.decodeImage)
        vision = max(vision, other.vision)
        prefill = max(prefill, other.prefill)
        generate = max(generate, other.generate)
        total = max(total, other.total)
    }
}

/// A detection with tiles on its way: one task for the picture, one for each tile.
struct TiledJob {
    let ticket: JobTicket
    let labels: [String]
    let detection: TiledDetection
    /// For the whole picture first.
    let parts: [JobTicket]
    private var results: [JobTicket: Result<GroundingResult, TaskError>] = [:]
    private(set) var stages: [StageRun] = []

    init(ticket: JobTicket, labels: [String], detection: TiledDetection, parts: [JobTicket]) {
        (self.ticket, self.labels, self.detection, self.parts) = (ticket, labels, detection, parts)
    }

    func isWaiting(for part: JobTicket) -> Bool { parts.contains(part) && results[part] == nil }

    /// Takes the outcome of a part.
    /// - Returns: the outcome of the whole once all parts have ended; of failures the first part's.
    mutating func settle(_ part: EndedJob) -> Result<GroundingResult, TaskError>? {
        results[part.ticket] = part.outcome
        for run in part.stages { stages.note(run) }
        guard results.count == parts.count else { return nil }
        var answers: [GroundingResult] = []
        for part in parts {
            switch results[part]! {
            case .success(let answer): answers.append(answer)
            case .failure(let error): return .failure(error)
            }
        }
        return .success(detection.merged(labels, answers[0], Array(answers.dropFirst())))
    }
}

extension Engine {
    /// Submits the whole picture, then each tile.
    func tiledJob(
        _ ticket: JobTicket, _ id: String, _ labels: [String], _ options: GenerationOptions, _ image: [UInt8],
        _ cancellation: CancellationFlag
    ) throws(TaskError) -> TiledJob {
        let task = GroundingTask.detect(labels: labels)
        let violations = TaskValidation.violations(task, options)
        guard violations.isEmpty, let tiling = options.tiles else { throw TaskError(violations: violations) }
        try cancellation.check()
        var plain = options
        plain.tiles = nil
        let detection = try TiledDetection(image, tiling, limits: self.options.imageLimits)
        var pictures = [image]
        for tile in detection.tiles { pictures.append(try detection.file(of: tile, side: model.imageSide)) }
        let parts = pictures.map { picture in
            submit(id: id, task: task, options: plain, image: picture, cancellation: cancellation)
        }
        return TiledJob(ticket: ticket, labels: labels, detection: detection, parts: parts)
    }
}
