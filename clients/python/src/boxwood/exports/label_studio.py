# SPDX-License-Identifier: MIT
"""Predictions for Label Studio, to be looked at and mended there."""

from __future__ import annotations

from typing import Any

from ..results import Detection, Result
from . import Classes, class_names, numbered, score_of


def prediction(result: Result, from_name: str = "label", to_name: str = "image", classes: Classes = None) -> dict[str, Any]:
    """One element of a task's `predictions`. Label Studio places boxes by percentages of the picture."""
    found = [each for _, each in numbered(result, class_names([result], classes))]
    scores = [score_of(each) for each in found]
    return {
        "model_version": f"{result.model.name} {result.model.revision} {result.model.precision}",
        "score": sum(scores) / len(scores) if scores else 0.0,
        "result": [_region(number, each, result, from_name, to_name) for number, each in enumerate(found, 1)],
    }


def _region(number: int, detection: Detection, result: Result, from_name: str, to_name: str) -> dict[str, Any]:
    x0, y0, x1, y1 = (100 * each for each in detection.box.normalized)
    return {
        "id": f"box-{number}",
        "type": "rectanglelabels",
        "from_name": from_name,
        "to_name": to_name,
        "original_width": result.image.width,
        "original_height": result.image.height,
        "image_rotation": 0,
        "score": score_of(detection),
        "value": {
            "x": x0,
            "y": y0,
            "width": x1 - x0,
            "height": y1 - y0,
            "rotation": 0,
            "rectanglelabels": [detection.label],
        },
    }
