# SPDX-License-Identifier: MIT
"""`fiftyone.Detections`."""

from __future__ import annotations

from typing import Any

from .._extras import require
from ..results import Result


def detections(result: Result) -> Any:
    """Boxes as fractions, left, top, width, height; `confidence` is the score."""
    fo = require("fiftyone", "fiftyone")
    return fo.Detections(
        detections=[
            fo.Detection(label=each.label, bounding_box=_relative(each.box.normalized), confidence=each.score)
            for each in result.detections
        ]
    )


def _relative(corners: tuple[float, float, float, float]) -> list[float]:
    x0, y0, x1, y1 = corners
    return [x0, y0, x1 - x0, y1 - y0]
