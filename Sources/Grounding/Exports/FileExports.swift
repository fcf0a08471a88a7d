// SPDX-License-Identifier: MIT

/// YOLO's text, one file a picture: a line for each box, its class from 0, its centre and its size as fractions.
public enum YoloExport {
    public static func labels(of picture: ExportedPicture, _ classes: ExportedClasses) -> String {
        picture.detections.compactMap { detection in
            guard let number = classes.number(of: detection.label) else { return nil }
            let box = detection.normalized
            let values = [(box.xmin + box.xmax) / 2, (box.ymin + box.ymax) / 2, box.xmax - box.xmin, box.ymax - box.ymin]
            return "\(number) " + values.map { digits($0) }.joined(separator: " ") + "\n"
        }.joined()
    }

    /// `data.yaml`: where the pictures are, and what the numbers mean.
    public static func description(_ classes: ExportedClasses) -> String {
        let names = classes.names.enumerated().map { "  \($0): \(JSONText.string($1).text(indented: false))\n" }
        return "path: .\ntrain: images\nval: images\nnames:\n" + names.joined()
    }

    /// Six digits: a fraction of a pixel of any picture that is taken.
    private static func digits(_ value: Double) -> String {
        let millionths = Int((min(1, max(0, value)) * 1_000_000).rounded())
        let text = String(millionths % 1_000_000)
        return "\(millionths / 1_000_000)." + String(repeating: "0", count: 6 - text.count) + text
    }
}

/// Pascal VOC's XML, one file a picture: corners in whole pixels, counted from 1. (VOC 2012 development kit, "Annotation")
public enum VocExport {
    public static func annotation(of picture: ExportedPicture) -> String {
        let objects = picture.detections.map { detection in
            let box = detection.pixels
            return """
                  <object>
                    <name>\(escaped(detection.label))</name>
                    <pose>Unspecified</pose>
                    <truncated>0</truncated>
                    <difficult>0</difficult>
                    <bndbox>
                      <xmin>\(corner(box.xmin, picture.width))</xmin>
                      <ymin>\(corner(box.ymin, picture.height))</ymin>
                      <xmax>\(corner(box.xmax - 1, picture.width))</xmax>
                      <ymax>\(corner(box.ymax - 1, picture.height))</ymax>
                    </bndbox>
                  </object>

                """
        }
        return """
            <annotation>
              <filename>\(escaped(picture.name))</filename>
              <size>
                <width>\(picture.width)</width>
                <height>\(picture.height)</height>
                <depth>3</depth>
              </size>
              <segmented>0</segmented>
            \(objects.joined())</annotation>

            """
    }

    private static func corner(_ value: Double, _ side: Int) -> Int { min(side, max(1, Int(value.rounded()) + 1)) }

    /// Text of XML 1.0, which has no place at all for most control characters.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Tasks for Label Studio with their predictions: boxes in percent of the picture. (labelstud.io, "Import pre-annotated data")
public enum LabelStudioExport {
    /// - Parameters:
    ///   - model: what made the predictions.
    ///   - location: of a picture, by its name, as Label Studio will find it.
    public static func tasks(_ pictures: [ExportedPicture], model: String, location: (String) -> String) -> String {
        JSONText.array(
            pictures.map { picture in
                .object([
                    ("data", .object([("image", .string(location(picture.name)))])),
                    ("predictions", .array([prediction(picture, model)])),
                ])
            }
        ).text(indented: false)
    }

    private static func prediction(_ picture: ExportedPicture, _ model: String) -> JSONText {
        let scores = picture.detections.map { $0.score ?? ExportedPicture.missingScore }
        return .object([
            ("model_version", .string(model)),
            ("score", .number(scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count))),
            ("result", .array(picture.detections.enumerated().map { region($0, $1, picture) })),
        ])
    }

    private static func region(_ index: Int, _ detection: ExportedPicture.Detection, _ picture: ExportedPicture) -> JSONText {
        let box = detection.normalized
        return .object([
            ("id", .string("box\(index + 1)")), ("type", .string("rectanglelabels")), ("from_name", .string("label")),
            ("to_name", .string("image")), ("original_width", .integer(picture.width)),
            ("original_height", .integer(picture.height)), ("image_rotation", .integer(0)),
            ("score", .number(detection.score ?? ExportedPicture.missingScore)),
            (
                "value",
                .object([
                    ("x", .number(box.xmin * 100)), ("y", .number(box.ymin * 100)),
                    ("width", .number((box.xmax - box.xmin) * 100)), ("height", .number((box.ymax - box.ymin) * 100)),
                    ("rotation", .integer(0)), ("rectanglelabels", .array([.string(detection.label)])),
                ])
            ),
        ])
    }
}
