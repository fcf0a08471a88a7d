# SPDX-License-Identifier: MIT
"""Flat rows for tables: no value is a list or a map, so pandas, Arrow and Spark take them as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..results import Detection, Result

if TYPE_CHECKING:
    from ..flow import Outcome

SPARK_SCHEMA = (
    "key string, error string, label string, phrase string, score double, xmin double, ymin double, xmax double, ymax double, "
    "image_width long, image_height long, sha256 string"
)
"""Of the rows of outcomes, in Spark's words."""

COLUMNS = tuple(column.split()[0] for column in SPARK_SCHEMA.split(", "))


def of(result: Result) -> list[dict[str, Any]]:
    """A row for each box, the surest first."""
    return [{**_box(each), **_picture(result)} for each in result.detections]


def of_outcome(outcome: Outcome) -> list[dict[str, Any]]:
    """The same with the item's key; one row without a box for a picture in which nothing was found, or that has an error."""
    empty: dict[str, Any] = dict.fromkeys(COLUMNS)
    if outcome.result is None:
        return [{**empty, "key": outcome.key, "error": str(outcome.error)}]
    picture = _picture(outcome.result)
    boxes: list[Mapping[str, Any]] = [_box(each) for each in outcome.result.detections] or [{}]
    return [{**empty, "key": outcome.key, **box, **picture} for box in boxes]


def _box(detection: Detection) -> dict[str, Any]:
    box = detection.box
    corners = {"xmin": box.xmin, "ymin": box.ymin, "xmax": box.xmax, "ymax": box.ymax}
    return {"label": detection.label, "phrase": detection.entity.phrase, "score": detection.score, **corners}


def _picture(result: Result) -> dict[str, Any]:
    return {"image_width": result.image.width, "image_height": result.image.height, "sha256": result.image.sha256}
