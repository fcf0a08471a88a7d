// SPDX-License-Identifier: MIT
package import Grounding
package import Imaging

/// The boxes of a result as they are drawn: one colour for each phrase.
package enum ResultDrawing {
    package static func boxes(_ result: GroundingResult) -> [DrawnBox] {
        result.entities.enumerated().flatMap { index, entity in
            entity.boxes.map { box in
                let score = box.score.map { " " + ResultReport.fixed($0, digits: 2) } ?? ""
                return DrawnBox(
                    xmin: box.pixels.xmin, ymin: box.pixels.ymin, xmax: box.pixels.xmax, ymax: box.pixels.ymax,
                    label: (entity.label ?? entity.phrase) + score, colorIndex: index)
            }
        }
    }

    /// A PNG file of the picture as it is meant to be seen, with the boxes on it.
    package static func png(of picture: [UInt8], _ result: GroundingResult) throws(ImageError) -> [UInt8] {
        var canvas = Canvas(try ImageDecoder.decode(picture))
        try canvas.draw(boxes: boxes(result))
        return try PNGEncoder.encode(canvas.image)
    }
}
