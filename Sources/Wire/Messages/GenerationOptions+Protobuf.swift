// SPDX-License-Identifier: MIT
import Grounding
import SwiftProtobuf

extension GenerationOptions {
    /// Reads the options; numbers out of their range are `TaskValidation`'s to refuse.
    ///
    /// - Throws: INVALID_ARGUMENT where a word is none of those allowed.
    init(_ proto: ProtoGenerationOptions) throws(RPCStatus) {
        guard let boxDecoding = proto.boxDecoding.isEmpty ? .refined : BoxDecoding(rawValue: proto.boxDecoding) else {
            throw .invalid([FieldViolation("options.box_decoding", "is neither refined nor reference")])
        }
        guard let tiles = proto.tiles.isEmpty ? .some(nil) : Tiling(proto.tiles).map(Optional.some) else {
            throw .invalid([FieldViolation("options.tiles", "is neither auto nor columns and rows, such as 2x2")])
        }
        let decoding: Decoding =
            switch proto.decoding {
            case .beam(let beam): .beam(width: Int(beam.width))
            case .sample(let sample):
                .sample(
                    temperature: sample.temperature, topP: sample.hasTopP ? sample.topP : 1, seed: sample.seed)
            case nil: .greedy
            }
        self.init(
            maxNewTokens: proto.hasMaxNewTokens ? Int(proto.maxNewTokens) : nil, decoding: decoding,
            noRepeatNgram: proto.hasNoRepeatNgram ? Int(proto.noRepeatNgram) : nil,
            threshold: proto.hasThreshold ? proto.threshold : nil,
            boxDecoding: boxDecoding, tiles: tiles)
    }

    var proto: ProtoGenerationOptions {
        .with {
            if let maxNewTokens { $0.maxNewTokens = UInt32(clamping: maxNewTokens) }
            if let noRepeatNgram { $0.noRepeatNgram = UInt32(clamping: noRepeatNgram) }
            if let threshold { $0.threshold = threshold }
            // The default is left out, for brokers and workers that do not know the field yet.
            if boxDecoding != .refined { $0.boxDecoding = boxDecoding.rawValue }
            if let tiles { $0.tiles = tiles.text }
            switch decoding {
            case .greedy: break
            case .beam(let width): $0.beam.width = UInt32(clamping: width)
            case .sample(let temperature, let topP, let seed):
                $0.sample.temperature = temperature
                $0.sample.topP = topP
                $0.sample.seed = seed
            }
        }
    }
}

extension NormalizedBox {
    init(_ proto: ProtoNormalizedBox) {
        self.init(xmin: proto.xmin, ymin: proto.ymin, xmax: proto.xmax, ymax: proto.ymax)
    }

    var proto: ProtoNormalizedBox {
        .with {
            $0.xmin = xmin
            $0.ymin = ymin
            $0.xmax = xmax
            $0.ymax = ymax
        }
    }
}

extension ProtoSpan {
    init(_ range: Range<Int>) {
        self = .with {
            $0.start = UInt32(clamping: range.lowerBound)
            $0.end = UInt32(clamping: range.upperBound)
        }
    }
}
