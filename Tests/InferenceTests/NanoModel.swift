// SPDX-License-Identifier: MIT

import Foundation
import Grounding
import Imaging
import Inference
import TestSupport
import Tokenization

/// The small model that comes with the package, and a picture for it.
enum NanoModel {
    static let folder = Goldens.packageRoot + "/models/boxwood-nano"
    static let isPresent = FileManager.default.fileExists(atPath: folder + "/model.safetensors")

    static func engine(_ options: EngineOptions = EngineOptions()) throws -> Engine {
        try Engine(modelFolder: folder, options: options)
    }

    static func tokenizer() throws -> Tokenizer {
        try Tokenizer(folder: folder)
    }

    /// A PNG file: a red disc and a blue square on grey, 96 by 64 pixels. `shade` makes another picture.
    static func picture(shade: UInt8 = 200) throws -> [UInt8] {
        let (width, height) = (96, 64)
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let isDisc = (x - 24) * (x - 24) + (y - 32) * (y - 32) < 300
                let isSquare = (56..<84).contains(x) && (12..<40).contains(y)
                pixels += isDisc ? [220, 30, 30] : isSquare ? [30, 60, 220] : [shade, shade, shade]
            }
        }
        return try PNGEncoder.encode(RGBImage(width: width, height: height, pixels: pixels))
    }
}

extension GroundingResult {
    /// The result without what may differ between two runs.
    var lasting: GroundingResult {
        var result = self
        result.timing = Timing()
        result.usage.imageCacheHit = false
        result.usage.cachedPromptTokens = 0
        return result
    }
}
