// SPDX-License-Identifier: MIT

/// YOLO's text, one file a picture: a line for each box, its class from 0, its centre and its size as fractions.
public enum YoloExport {
    public static func labels(of picture: ExportedPicture, _ classes: ExportedClasses) -> String {
        picture.detections.compactMap { detection in
            guard let number = classes.number(of: detection.label) else { return nil }
            let box = detection.normalized
            let values = [
                (box.xmin + box.xmax) / 2, (box.ymin + box.ymax) / 2, box.xmax - box.xmin, box.ymax - box.ymin,
            ]
            return "\(number) " + values.map { FixedDigits.six($0) }.joined(separator: " ") + "\n"
        }.joined()
    }

    /// `classes.txt`: the names, a line each, in the order of their numbers.
    public static func names(_ classes: ExportedClasses) -> String {
        classes.names.map { name in
            // A name that breaks the line would move the numbers of all that follow.
            String(name.map { $0.isNewline ? " " : $0 }) + "\n"
        }.joined()
    }
}

enum FixedDigits {
    /// A fraction with six digits: less than a pixel of any picture that is taken.
    static func six(_ value: Double) -> String {
        let millionths = Int((min(1, max(0, value)) * 1_000_000).rounded(.toNearestOrEven))
        let text = String(millionths % 1_000_000)
        return "\(millionths / 1_000_000)." + String(repeating: "0", count: 6 - text.count) + text
    }
}

/// Pascal VOC's XML, one file a picture: corners in whole pixels from 1 to the picture's size, both inside the box. (VOC 2012
/// development kit, "Annotation") A `score` stands beside VOC's own elements.
public enum VocExport {
    /// Boxes of names that are none of the classes are left out.
    public static func annotation(of picture: ExportedPicture, _ classes: ExportedClasses) -> String {
        let objects = picture.detections.filter { classes.number(of: $0.label) != nil }.map { object($0, picture) }
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

    private static func object(_ detection: ExportedPicture.Detection, _ picture: ExportedPicture) -> String {
        let score = detection.score.map { "    <score>\(FixedDigits.six($0))</score>\n" } ?? ""
        let box = detection.pixels
        let left = min(whole(box.xmin) + 1, picture.width)
        let top = min(whole(box.ymin) + 1, picture.height)
        return """
              <object>
                <name>\(escaped(detection.label))</name>
                <pose>Unspecified</pose>
                <truncated>0</truncated>
                <difficult>0</difficult>
            \(score)    <bndbox>
                  <xmin>\(left)</xmin>
                  <ymin>\(top)</ymin>
                  <xmax>\(max(left, whole(box.xmax)))</xmax>
                  <ymax>\(max(top, whole(box.ymax)))</ymax>
                </bndbox>
              </object>

            """
    }

    private static func whole(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }

    /// Text of XML 1.0, which has no place at all for most control characters.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            // A reader would make a line feed of it.
            case "\r": result += "&#13;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
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
    ///   - model: what made the predictions, of each picture.
    ///   - location: of a picture, by its name, as Label Studio will find it.
    public static func tasks(
        _ pictures: [(picture: ExportedPicture, model: String)], _ classes: ExportedClasses,
        location: (String) -> String = { $0 }
    ) -> String {
        JSONText.array(
            pictures.map { picture, model in
                .object([
                    ("data", .object([("image", .string(location(picture.name)))])),
                    ("predictions", .array([prediction(picture, classes, model)])),
                ])
            }
        ).text(indented: false)
    }

    private static func prediction(
        _ picture: ExportedPicture, _ classes: ExportedClasses, _ model: String
    ) -> JSONText {
        let found = picture.detections.filter { classes.number(of: $0.label) != nil }
        let scores = found.map { $0.score ?? ExportedPicture.missingScore }
        return .object([
            ("model_version", .string(model)),
            ("score", .number(scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count))),
            ("result", .array(found.enumerated().map { region($0, $1, picture) })),
        ])
    }

    private static func region(
        _ index: Int, _ detection: ExportedPicture.Detection, _ picture: ExportedPicture
    ) -> JSONText {
        .object([
            ("id", .string("box-\(index + 1)")), ("type", .string("rectanglelabels")), ("from_name", .string("label")),
            ("to_name", .string("image")), ("original_width", .integer(picture.width)),
            ("original_height", .integer(picture.height)), ("image_rotation", .integer(0)),
            ("score", .number(detection.score ?? ExportedPicture.missingScore)),
            ("value", value(detection)),
        ])
    }

    private static func value(_ detection: ExportedPicture.Detection) -> JSONText {
        let percent = detection.normalized.array.map { 100 * $0 }
        return .object([
            ("x", .number(percent[0])), ("y", .number(percent[1])), ("width", .number(percent[2] - percent[0])),
            ("height", .number(percent[3] - percent[1])), ("rotation", .integer(0)),
            ("rectanglelabels", .array([.string(detection.label)])),
        ])
    }
}
