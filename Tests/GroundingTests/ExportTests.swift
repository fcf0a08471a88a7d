// SPDX-License-Identifier: MIT
import Foundation
import Grounding
import Testing

/// The golden texts are what the Python client writes of the same result.
@Suite("Results in the forms of other tools")
struct ExportTests {
    static func result(_ entities: [Entity]) -> GroundingResult {
        GroundingResult(
            id: "call", task: .detect, model: ModelIdentity(name: "pretended", revision: "0123abcd", precision: "f32"),
            image: ImageDescription(width: 200, height: 100, sha256: "", orientation: 1), caption: "",
            entities: entities, text: "", finishReason: .stop)
    }

    static func entity(_ label: String, _ boxes: [([Double], Double?)]) -> Entity {
        Entity(
            phrase: label, span: 0..<1, label: label, source: .model,
            boxes: boxes.map { corners, score in
                let box = NormalizedBox(xmin: corners[0], ymin: corners[1], xmax: corners[2], ymax: corners[3])
                return GroundedBox(
                    pixels: box.pixels(width: 200, height: 100), normalized: box, score: score,
                    patches: PatchPair(upperLeft: 0, lowerRight: 1023))
            })
    }

    static let found = ExportedPicture(
        name: "sub/a.jpg",
        result([
            entity("dog & <co>", [([0, 0, 0.5, 0.25], nil)]),
            entity("cat", [([0.125, 0.125, 0.25, 0.3], 0.65), ([0.25, 0.5, 0.75, 1], 0.9)]),
        ]))
    static let nothing = ExportedPicture(name: "b.jpg", result([]))
    static let classes = ExportedClasses(["dog & <co>", "cat"])

    private func same(_ text: String, _ golden: String) throws -> Bool {
        let (mine, theirs) = (
            try JSONSerialization.jsonObject(with: Data(text.utf8)),
            try JSONSerialization.jsonObject(with: Data(golden.utf8))
        )
        return (mine as? NSObject) == (theirs as? NSObject)
    }

    @Test("COCO: a data set, and results under the same numbers")
    func coco() throws {
        let dataset = CocoExport.dataset([Self.found, Self.nothing], Self.classes)
        #expect(
            try same(
                dataset,
                """
                {"images": [{"id": 1, "file_name": "sub/a.jpg", "width": 200, "height": 100}, {"id": 2, "file_name": "b.jpg",
                "width": 200, "height": 100}], "annotations": [{"id": 1, "image_id": 1, "category_id": 2, "bbox": [50.0, 50.0,
                100.0, 50.0], "score": 0.9, "area": 5000.0, "iscrowd": 0, "segmentation": []}, {"id": 2, "image_id": 1,
                "category_id": 2, "bbox": [25.0, 12.5, 25.0, 17.5], "score": 0.65, "area": 437.5, "iscrowd": 0, "segmentation":
                []}, {"id": 3, "image_id": 1, "category_id": 1, "bbox": [0.0, 0.0, 100.0, 25.0], "score": 1.0, "area": 2500.0,
                "iscrowd": 0, "segmentation": []}], "categories": [{"id": 1, "name": "dog & <co>", "supercategory": ""}, {"id":
                2, "name": "cat", "supercategory": ""}]}
                """))
        #expect(
            try same(
                CocoExport.results([Self.nothing, Self.found], ExportedClasses(["cat"])),
                """
                [{"image_id": 2, "category_id": 1, "bbox": [50, 50, 100, 50], "score": 0.9},
                {"image_id": 2, "category_id": 1, "bbox": [25, 12.5, 25, 17.5], "score": 0.65}]
                """))
    }

    @Test("YOLO: a line for each box of a class, and the names of the classes")
    func yolo() {
        #expect(
            YoloExport.labels(of: Self.found, Self.classes) == """
                1 0.500000 0.750000 0.500000 0.500000
                1 0.187500 0.212500 0.125000 0.175000
                0 0.250000 0.125000 0.500000 0.250000

                """)
        #expect(YoloExport.labels(of: Self.nothing, Self.classes).isEmpty)
        #expect(YoloExport.labels(of: Self.found, ExportedClasses([])).isEmpty)
        #expect(YoloExport.names(ExportedClasses(["a", "b\nc", "a"])) == "a\nb c\n")
    }

    @Test("VOC: corners from 1 to the picture's size, and text that is XML")
    func voc() throws {
        let golden = """
            <annotation>
              <filename>sub/a.jpg</filename>
              <size>
                <width>200</width>
                <height>100</height>
                <depth>3</depth>
              </size>
              <segmented>0</segmented>
              <object>
                <name>cat</name>
                <pose>Unspecified</pose>
                <truncated>0</truncated>
                <difficult>0</difficult>
                <score>0.900000</score>
                <bndbox>
                  <xmin>51</xmin>
                  <ymin>51</ymin>
                  <xmax>150</xmax>
                  <ymax>100</ymax>
                </bndbox>
              </object>
              <object>
                <name>cat</name>
                <pose>Unspecified</pose>
                <truncated>0</truncated>
                <difficult>0</difficult>
                <score>0.650000</score>
                <bndbox>
                  <xmin>26</xmin>
                  <ymin>13</ymin>
                  <xmax>50</xmax>
                  <ymax>30</ymax>
                </bndbox>
              </object>
              <object>
                <name>dog &amp; &lt;co&gt;</name>
                <pose>Unspecified</pose>
                <truncated>0</truncated>
                <difficult>0</difficult>
                <bndbox>
                  <xmin>1</xmin>
                  <ymin>1</ymin>
                  <xmax>100</xmax>
                  <ymax>25</ymax>
                </bndbox>
              </object>
            </annotation>

            """
        #expect(VocExport.annotation(of: Self.found, Self.classes) == golden)
        #expect(!VocExport.annotation(of: Self.found, ExportedClasses(["cat"])).contains("dog"))
        let odd = ExportedPicture(name: "a\u{1}b\rc", Self.result([]))
        #expect(VocExport.annotation(of: odd, Self.classes).contains("<filename>a\u{FFFD}b&#13;c</filename>"))
    }

    @Test("Label Studio: boxes in percent, under the model's name")
    func labelStudio() throws {
        let tasks = LabelStudioExport.tasks([(Self.found, "pretended 0123abcd f32")], Self.classes) { "/data/\($0)" }
        #expect(
            try same(
                tasks,
                """
                [{"data": {"image": "/data/sub/a.jpg"}, "predictions": [{"model_version": "pretended 0123abcd f32", "score":
                0.85, "result": [{"id": "box-1", "type": "rectanglelabels", "from_name": "label", "to_name": "image",
                "original_width": 200, "original_height": 100, "image_rotation": 0, "score": 0.9, "value": {"x": 25.0, "y":
                50.0, "width": 50.0, "height": 50.0, "rotation": 0, "rectanglelabels": ["cat"]}}, {"id": "box-2", "type":
                "rectanglelabels", "from_name": "label", "to_name": "image", "original_width": 200, "original_height": 100,
                "image_rotation": 0, "score": 0.65, "value": {"x": 12.5, "y": 12.5, "width": 12.5, "height": 17.5, "rotation":
                0, "rectanglelabels": ["cat"]}}, {"id": "box-3", "type": "rectanglelabels", "from_name": "label", "to_name":
                "image", "original_width": 200, "original_height": 100, "image_rotation": 0, "score": 1.0, "value": {"x": 0.0,
                "y": 0.0, "width": 50.0, "height": 25.0, "rotation": 0, "rectanglelabels": ["dog & <co>"]}}]}]}]
                """))
    }

    // MARK: -

    private static let python = ProcessInfo.processInfo.environment["BOXWOOD_PYTHON"]
    private static let readsAll = python.map { run($0, ["-c", "import pycocotools, supervision, lxml"]) == 0 } ?? false

    private static func run(_ program: String, _ arguments: [String]) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        guard (try? process.run()) != nil else { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test(
        "The tools themselves read them",
        .enabled(if: readsAll, "BOXWOOD_PYTHON names no Python with pycocotools, supervision and lxml"))
    func tools() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "boxwood-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, _ text: String) throws {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try write("coco.json", CocoExport.dataset([Self.found, Self.nothing], Self.classes))
        try write("results.json", CocoExport.results([Self.found, Self.nothing], Self.classes))
        try write("a.xml", VocExport.annotation(of: Self.found, Self.classes))
        try write("voc/a.xml", VocExport.annotation(of: Self.found, Self.classes))
        try write("yolo/a.txt", YoloExport.labels(of: Self.found, Self.classes))
        try write("yolo.yaml", "names: ['dog & <co>', cat]\n")
        let script = """
            import sys, pathlib, numpy, supervision as sv
            from PIL import Image
            from lxml import etree
            from pycocotools.coco import COCO
            from pycocotools.cocoeval import COCOeval
            root = pathlib.Path(sys.argv[1])
            truth = COCO(str(root / "coco.json"))
            score = COCOeval(truth, truth.loadRes(str(root / "results.json")), "bbox")
            score.evaluate(); score.accumulate(); score.summarize()
            assert abs(score.stats[0] - 1) < 1e-9, score.stats
            tree = etree.parse(str(root / "a.xml"))
            assert tree.findtext("object[3]/name") == "dog & <co>"
            (root / "pictures").mkdir()
            Image.new("RGB", (200, 100)).save(root / "pictures" / "a.jpg")
            yolo = sv.DetectionDataset.from_yolo(str(root / "pictures"), str(root / "yolo"), str(root / "yolo.yaml"))
            voc = sv.DetectionDataset.from_pascal_voc(str(root / "pictures"), str(root / "voc"))
            for data in yolo, voc:
                (_, _, boxes), = list(data)
                assert len(boxes) == 3, boxes
                assert numpy.abs(numpy.sort(boxes.xyxy[:, 0]) - [0, 25, 50]).max() <= 1, boxes
            assert sorted(yolo.classes) == ["cat", "dog & <co>"], yolo.classes
            """
        #expect(Self.run(try #require(Self.python), ["-c", script, folder.path]) == 0)
    }
}
