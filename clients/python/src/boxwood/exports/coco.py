# SPDX-License-Identifier: MIT
"""COCO's JSON: a data set of annotations, and the list of results that is scored against one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..results import Detection, Result
from . import Classes, class_names, numbered, score_of


def dataset(pictures: Iterable[tuple[str, Result]], classes: Classes = None, *, first_image_id: int = 1) -> dict[str, Any]:
    """
    :param pictures: of each its file name and its result.
    :returns: `images`, `annotations` with a `score` beside COCO's own fields, and `categories`, numbered from 1.
    """
    pairs = list(pictures)
    names = class_names((result for _, result in pairs), classes)
    images, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
    for image_id, (file_name, result) in enumerate(pairs, first_image_id):
        size = {"width": result.image.width, "height": result.image.height}
        images.append({"id": image_id, "file_name": file_name, **size})
        for number, each in numbered(result, names):
            annotations.append(_annotation(len(annotations) + 1, image_id, number + 1, each))
    return {"images": images, "annotations": annotations, "categories": categories(names)}


def results(result: Result, image_id: int, classes: Classes = None) -> list[dict[str, Any]]:
    """What COCO calls results. With the `classes` of the data set, so that the numbers agree."""
    names = class_names([result], classes)
    return [{"image_id": image_id, **_scored_box(number + 1, each)} for number, each in numbered(result, names)]


def categories(names: Sequence[str]) -> list[dict[str, Any]]:
    return [{"id": number, "name": name, "supercategory": ""} for number, name in enumerate(names, 1)]


def _annotation(annotation_id: int, image_id: int, category: int, detection: Detection) -> dict[str, Any]:
    return {
        "id": annotation_id,
        "image_id": image_id,
        **_scored_box(category, detection),
        "area": detection.box.area,
        "iscrowd": 0,
        "segmentation": [],
    }


def _scored_box(category: int, detection: Detection) -> dict[str, Any]:
    return {"category_id": category, "bbox": list(detection.box.xywh), "score": score_of(detection)}
