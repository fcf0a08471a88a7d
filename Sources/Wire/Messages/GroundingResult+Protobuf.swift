// SPDX-License-Identifier: MIT
public import Grounding
import SwiftProtobuf

extension GroundingResult {
    /// Reads a result, binary or JSON.
    ///
    /// - Throws: INTERNAL, since only a broker or worker that does not keep to the protocol sends another body.
    public init(body: [UInt8]) throws(RPCStatus) {
        do throws(MalformedMessage) {
            try self.init(try WireEncoding.decode(ProtoGroundingResult.self, from: body))
        } catch {
            throw RPCStatus(.internal, "the result \(error.predicate)", reason: .malformedBody)
        }
    }

    /// The body of the answer: binary, or JSON as ``ResultJSON`` writes it everywhere.
    public func body(_ encoding: WireEncoding) -> [UInt8] {
        switch encoding {
        case .protobuf: encoding.encode(proto)
        case .json: Array(ResultJSON.compact(self).utf8)
        }
    }

    init(_ proto: ProtoGroundingResult) throws(MalformedMessage) {
        guard let task = GroundingTask.Name(rawValue: proto.task) else { throw MalformedMessage("is of no known task") }
        guard let finishReason = FinishReason(rawValue: proto.finishReason) else {
            throw MalformedMessage("has no known finish_reason")
        }
        var entities: [Entity] = []
        for entity in proto.entities { entities.append(try Entity(entity)) }
        self.init(
            id: proto.id, task: task, model: ModelIdentity(proto.model), image: ImageDescription(proto.image),
            caption: proto.caption, entities: entities, text: proto.text, finishReason: finishReason,
            warnings: proto.warnings, usage: Usage(proto.usage), timing: try Timing(proto.timingMs),
            attempts: Int(proto.attempts))
    }

    public var proto: ProtoGroundingResult {
        .with {
            $0.id = id
            $0.task = task.rawValue
            $0.model = model.proto
            $0.image = image.proto
            $0.caption = caption
            $0.entities = entities.map(\.proto)
            $0.text = text
            $0.finishReason = finishReason.rawValue
            $0.warnings = warnings
            $0.usage = usage.proto
            $0.timingMs = timing.proto
            $0.attempts = UInt32(clamping: attempts)
        }
    }
}

extension Entity {
    init(_ proto: ProtoEntity) throws(MalformedMessage) {
        guard proto.span.count == 2, proto.span[0] <= proto.span[1] else {
            throw MalformedMessage("has an entity whose span is not [start, end)")
        }
        guard let source = Source(rawValue: proto.source) else {
            throw MalformedMessage("has an entity of no known source")
        }
        var boxes: [GroundedBox] = []
        for box in proto.boxes { boxes.append(try GroundedBox(box)) }
        self.init(
            phrase: proto.phrase, span: Int(proto.span[0])..<Int(proto.span[1]),
            label: proto.hasLabel ? proto.label : nil, source: source, boxes: boxes)
    }

    var proto: ProtoEntity {
        .with {
            $0.phrase = phrase
            $0.span = [UInt32(clamping: span.lowerBound), UInt32(clamping: span.upperBound)]
            if let label { $0.label = label }
            $0.source = source.rawValue
            $0.boxes = boxes.map(\.proto)
        }
    }
}

extension GroundedBox {
    init(_ proto: ProtoBox) throws(MalformedMessage) {
        guard proto.normalized.count == 4, proto.patches.count == 2 else {
            throw MalformedMessage("has a box without its four fractions and two patches")
        }
        let fractions = proto.normalized
        let numbers = fractions + [proto.xmin, proto.ymin, proto.xmax, proto.ymax, proto.score]
        guard numbers.allSatisfy(\.isFinite) else { throw MalformedMessage("has a box that is not finite") }
        self.init(
            pixels: PixelBox(xmin: proto.xmin, ymin: proto.ymin, xmax: proto.xmax, ymax: proto.ymax),
            normalized: NormalizedBox(
                xmin: fractions[0], ymin: fractions[1], xmax: fractions[2], ymax: fractions[3]),
            score: proto.hasScore ? proto.score : nil,
            patches: PatchPair(upperLeft: Int(proto.patches[0]), lowerRight: Int(proto.patches[1])))
    }

    var proto: ProtoBox {
        .with {
            $0.xmin = pixels.xmin
            $0.ymin = pixels.ymin
            $0.xmax = pixels.xmax
            $0.ymax = pixels.ymax
            $0.normalized = normalized.array
            if let score { $0.score = score }
            $0.patches = [UInt32(clamping: patches.upperLeft), UInt32(clamping: patches.lowerRight)]
        }
    }
}

extension ImageDescription {
    init(_ proto: ProtoImageDescription) {
        self.init(
            width: Int(proto.width), height: Int(proto.height), sha256: proto.sha256,
            orientation: Int(proto.orientation))
    }

    var proto: ProtoImageDescription {
        .with {
            $0.width = UInt32(clamping: width)
            $0.height = UInt32(clamping: height)
            $0.sha256 = sha256
            $0.orientation = UInt32(clamping: orientation)
        }
    }
}

extension Usage {
    init(_ proto: ProtoUsage) {
        self.init(
            promptTokens: Int(proto.promptTokens), generatedTokens: Int(proto.generatedTokens),
            imageCacheHit: proto.imageCacheHit, cachedPromptTokens: Int(proto.cachedPromptTokens),
            tiles: Int(proto.tiles))
    }

    var proto: ProtoUsage {
        .with {
            $0.promptTokens = UInt32(clamping: promptTokens)
            $0.generatedTokens = UInt32(clamping: generatedTokens)
            $0.imageCacheHit = imageCacheHit
            if cachedPromptTokens > 0 { $0.cachedPromptTokens = UInt32(clamping: cachedPromptTokens) }
            if tiles > 0 { $0.tiles = UInt32(clamping: tiles) }
        }
    }
}

extension Timing {
    init(_ proto: ProtoTiming) throws(MalformedMessage) {
        let times = [
            proto.queue, proto.decodeImage, proto.vision, proto.prefill, proto.generate, proto.total,
        ]
        guard times.allSatisfy(\.isFinite) else { throw MalformedMessage("has times that are not finite") }
        self.init(
            queue: proto.queue, decodeImage: proto.decodeImage, vision: proto.vision, prefill: proto.prefill,
            generate: proto.generate, total: proto.total)
    }

    var proto: ProtoTiming {
        .with {
            $0.queue = queue
            $0.decodeImage = decodeImage
            $0.vision = vision
            $0.prefill = prefill
            $0.generate = generate
            $0.total = total
        }
    }
}
