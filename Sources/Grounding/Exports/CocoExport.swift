// SPDX-License-Identifier: MIT

/// COCO's JSON: a data set with its annotations, and the list of results that is scored against one. Pictures and annotations are numbered
/// from 1, and so are categories; boxes are left, top, width, height in pixels. (cocodataset.org, "Data format", "Results format")
public enum CocoExport {
    /// `images`, `annotations` with a `score` beside COCO's own fields, `categories`.
    public static func dataset(_ pictures: [ExportedPicture], _ classes: ExportedClasses) -> String {
        let images = pictures.enumerated().map { index, picture in
            JSONText.object([
                ("id", .integer(index + 1)), ("file_name", .string(picture.name)), ("width", .integer(picture.width)),
                ("height", .integer(picture.height)),
            ])
        }
        let annotations = boxes(pictures, classes).enumerated().map { index, box in
            let (width, height) = (box.detection.pixels.width, box.detection.pixels.height)
            return JSONText.object(
                [("id", .integer(index + 1))] + box.members
                    + [("area", .number(width * height)), ("iscrowd", .integer(0)), ("segmentation", .array([]))])
        }
        let categories = classes.names.enumerated().map { index, name in
            JSONText.object([("id", .integer(index + 1)), ("name", .string(name)), ("supercategory", .string(""))])
        }
        return JSONText.object([
            ("images", .array(images)), ("annotations", .array(annotations)), ("categories", .array(categories)),
        ]).text(indented: false)
    }

    /// What is scored against a data set whose pictures and categories have the same numbers.
    public static func results(_ pictures: [ExportedPicture], _ classes: ExportedClasses) -> String {
        JSONText.array(boxes(pictures, classes).map { .object($0.members) }).text(indented: false)
    }

    private struct Box {
        let image: Int
        let category: Int
        let detection: ExportedPicture.Detection

        var members: [(key: String, value: JSONText)] {
            let box = detection.pixels
            return [
                ("image_id", .integer(image)), ("category_id", .integer(category)),
                ("bbox", .array([box.xmin, box.ymin, box.width, box.height].map(JSONText.number))),
                ("score", .number(detection.score ?? ExportedPicture.missingScore)),
            ]
        }
    }

    private static func boxes(_ pictures: [ExportedPicture], _ classes: ExportedClasses) -> [Box] {
        pictures.enumerated().flatMap { index, picture in
            picture.detections.compactMap { detection in
                classes.number(of: detection.label).map {
                    Box(image: index + 1, category: $0 + 1, detection: detection)
                }
            }
        }
    }
}

extension PixelBox {
    var width: Double { xmax - xmin }
    var height: Double { ymax - ymin }
}
