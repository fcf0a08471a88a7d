# SPDX-License-Identifier: MIT
"""Results in the forms of other tools, read by those tools where they are at hand."""

from __future__ import annotations

import builtins
import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import supervision as sv
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from boxwood import Result
from boxwood.exports import coco, yolo
from support.samples import CAT, DOG, RESULT, SECOND_CAT, result

FOUND = Result.parse(RESULT)
NOTHING = Result.parse(result())


def load(dataset: dict[str, Any]) -> Any:
    read = COCO()
    read.dataset = json.loads(json.dumps(dataset))
    read.createIndex()
    return read


def test_hf_is_what_the_pipeline_answers() -> None:
    assert FOUND.to_hf() == [
        {"score": 0.9, "label": "cat", "box": {"xmin": 50, "ymin": 50, "xmax": 150, "ymax": 100}},
        {"score": 0.7, "label": "dog", "box": {"xmin": 0, "ymin": 0, "xmax": 100, "ymax": 25}},
        {"score": 0.65, "label": "cat", "box": {"xmin": 25, "ymin": 12, "xmax": 50, "ymax": 25}},
    ]
    assert [each["score"] for each in FOUND.to_hf(threshold=0.7)] == [0.9, 0.7]
    assert len(FOUND.to_hf(top_k=1)) == 1
    assert NOTHING.to_hf() == []


def test_coco_is_read_by_pycocotools(capsys: pytest.CaptureFixture[str]) -> None:
    read = load(FOUND.to_coco("photo.jpg", image_id=7))
    assert read.loadImgs(7)[0] == {"id": 7, "file_name": "photo.jpg", "width": 200, "height": 100}
    assert [each["name"] for each in read.loadCats(read.getCatIds())] == ["cat", "dog"]
    boxes = [(each["category_id"], each["bbox"], each["area"]) for each in read.loadAnns(read.getAnnIds(imgIds=7))]
    assert boxes[0] == (1, [50, 50, 100, 50], 5000)
    assert len(boxes) == 3


def test_coco_numbers_many_pictures_alike(capsys: pytest.CaptureFixture[str]) -> None:
    other = Result.parse(result(DOG))
    made = coco.dataset([("a.jpg", FOUND), ("b.jpg", other), ("c.jpg", NOTHING)])
    assert [image["id"] for image in made["images"]] == [1, 2, 3]
    assert [(each["id"], each["image_id"], each["category_id"]) for each in made["annotations"]] == [
        (1, 1, 1),
        (2, 1, 2),
        (3, 1, 1),
        (4, 2, 2),
    ]


def test_coco_results_are_scored_by_pycocotools(capsys: pytest.CaptureFixture[str]) -> None:
    truth = load(FOUND.to_coco(image_id=7, classes=["dog", "cat"]))
    results = FOUND.to_coco_results(7, classes=["dog", "cat"])
    assert {each["category_id"] for each in results} == {1, 2}
    scored = COCOeval(truth, truth.loadRes(results), "bbox")
    scored.evaluate()
    scored.accumulate()
    scored.summarize()
    assert scored.stats[0] == pytest.approx(1.0)


def test_classes_choose_and_number() -> None:
    assert [each["category_id"] for each in FOUND.to_coco_results(1, classes=["horse", "dog"])] == [2]
    assert FOUND.to_yolo(["horse", "dog"]).startswith("1 ")
    assert FOUND.to_yolo([]) == ""
    with pytest.raises(ValueError, match="twice"):
        FOUND.to_yolo(["cat", "cat"])
    with pytest.raises(TypeError, match="list"):
        FOUND.to_yolo("cat")


def test_yolo_has_a_line_for_each_box() -> None:
    assert FOUND.to_yolo().splitlines() == [
        "0 0.500000 0.750000 0.500000 0.500000",
        "1 0.250000 0.125000 0.500000 0.250000",
        "0 0.187500 0.187500 0.125000 0.125000",
    ]


def test_a_yolo_folder_is_read_by_supervision(tmp_path: Path) -> None:
    from PIL import Image

    names = yolo.write(tmp_path / "labels", [("images/photo.jpg", FOUND), ("images/other.jpg", NOTHING)])
    assert names == ["cat", "dog"]
    assert (tmp_path / "labels" / "classes.txt").read_text() == "cat\ndog\n"
    (tmp_path / "images").mkdir()
    for name in ("photo.jpg", "other.jpg"):
        Image.new("RGB", (200, 100)).save(tmp_path / "images" / name)
    (tmp_path / "data.yaml").write_text("names: [cat, dog]\nnc: 2\n")
    read = sv.DetectionDataset.from_yolo(str(tmp_path / "images"), str(tmp_path / "labels"), str(tmp_path / "data.yaml"))
    (found,) = [boxes for path, _, boxes in read if path.endswith("photo.jpg")]
    assert found.xyxy.flatten().tolist() == pytest.approx([50, 50, 150, 100, 0, 0, 100, 25, 25, 12.5, 50, 25])
    assert found.class_id is not None
    assert found.class_id.tolist() == [0, 1, 0]


def test_voc_is_read_by_supervision(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "photo.xml").write_text(FOUND.to_voc("photo.jpg"), encoding="utf-8")
    Image.new("RGB", (200, 100)).save(tmp_path / "photo.jpg")
    read = sv.DetectionDataset.from_pascal_voc(str(tmp_path), str(tmp_path))
    assert read.classes == ["cat", "dog"]
    ((_, _, found),) = list(read)
    assert found.xyxy[:2].tolist() == [[50, 50, 150, 100], [0, 0, 100, 25]]


def test_voc_stays_inside_the_picture_and_inside_xml() -> None:
    odd = Result.parse(result(("<&\x00\ud800cat>", (0.999, 0.999, 1.0, 1.0), 0.9)))
    root = ET.fromstring(odd.to_voc('a"<b>.jpg'))
    assert root.findtext("filename") == 'a"<b>.jpg'
    assert root.findtext("object/name") == "<&\ufffd\ufffdcat>"
    corners = [int(root.findtext(f"object/bndbox/{name}") or 0) for name in ("xmin", "ymin", "xmax", "ymax")]
    assert corners == [200, 100, 200, 100]


def test_label_studio_gets_percentages() -> None:
    made = FOUND.to_label_studio("boxes", "picture")
    assert made["model_version"] == "pretended 0123abcd f32"
    assert made["score"] == pytest.approx(0.75)
    region = made["result"][0]
    assert region["value"] == {
        "x": 25,
        "y": 50,
        "width": 50,
        "height": 50,
        "rotation": 0,
        "rectanglelabels": ["cat"],
    }
    assert (region["from_name"], region["to_name"], region["type"]) == ("boxes", "picture", "rectanglelabels")
    assert (region["original_width"], region["original_height"]) == (200, 100)
    assert len({each["id"] for each in made["result"]}) == 3
    assert NOTHING.to_label_studio() == {"model_version": "pretended 0123abcd f32", "score": 0.0, "result": []}


def test_supervision_gets_detections() -> None:
    found = FOUND.to_supervision(["dog", "cat"])
    assert isinstance(found, sv.Detections)
    assert found.xyxy.tolist() == [[50, 50, 150, 100], [0, 0, 100, 25], [25, 12.5, 50, 25]]
    assert found.confidence is not None
    assert found.confidence.tolist() == pytest.approx([0.9, 0.7, 0.65])
    assert found.class_id is not None
    assert found.class_id.tolist() == [1, 0, 1]
    assert list(found.data["class_name"]) == ["cat", "dog", "cat"]
    assert len(found[found.confidence > 0.68]) == 2


def test_supervision_gets_nothing_where_nothing_is() -> None:
    found = NOTHING.to_supervision()
    assert len(found) == 0
    assert len(sv.Detections.merge([found, FOUND.to_supervision()])) == 3


def test_a_score_that_is_not_known_is_one() -> None:
    without = Result.parse(result((CAT[0], CAT[1], None)))
    assert without.to_hf()[0]["score"] == 1.0
    assert without.to_supervision().confidence.tolist() == [1.0]
    assert "score" not in without.to_voc("a.jpg")


class PretendedFiftyOne:
    """What of fiftyone is used; the real one brings a data base. With it: `dev/python.sh --recipes`."""

    class Detection(dict[str, Any]):
        pass

    class Detections(dict[str, Any]):
        pass


def test_fiftyone_gets_fractions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fiftyone", PretendedFiftyOne)
    made = FOUND.to_fiftyone()["detections"]
    assert made[0] == {"label": "cat", "bounding_box": [0.25, 0.5, 0.5, 0.5], "confidence": 0.9}
    assert len(made) == 3


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__
    monkeypatch.setitem(sys.modules, "fiftyone", None)
    assert real is builtins.__import__
    with pytest.raises(ImportError, match=r"boxwood\[fiftyone\]"):
        FOUND.to_fiftyone()


def test_two_boxes_of_a_label_keep_their_order() -> None:
    found = Result.parse(result(SECOND_CAT, CAT))
    assert [each["score"] for each in found.to_hf()] == [0.9, 0.65]
