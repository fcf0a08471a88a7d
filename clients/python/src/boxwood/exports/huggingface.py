# SPDX-License-Identifier: MIT
"""The answer of transformers' pipeline `zero-shot-object-detection`."""

from __future__ import annotations

from typing import Any

from ..results import Box, Result
from . import score_of


def detections(result: Result, threshold: float = 0.0, top_k: int | None = None) -> list[dict[str, Any]]:
    """Sorted by score, the highest first; boxes in whole pixels, cut off as the pipeline does."""
    found = [
        {"score": score_of(each), "label": each.label, "box": _whole(each.box)}
        for each in result.detections
        if score_of(each) >= threshold
    ]
    return found[:top_k]


def _whole(box: Box) -> dict[str, int]:
    return {"xmin": int(box.xmin), "ymin": int(box.ymin), "xmax": int(box.xmax), "ymax": int(box.ymax)}
