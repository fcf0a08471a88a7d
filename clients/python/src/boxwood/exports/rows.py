# SPDX-License-Identifier: MIT
"""Flat rows for tables."""

from __future__ import annotations

from typing import Any

from ..results import Result


def of(result: Result) -> list[dict[str, Any]]:
    """A row for each box, the surest first: no value is a list or a map, so any table takes it."""
    return [
        {
            "label": each.label,
            "phrase": each.entity.phrase,
            "score": each.score,
            "xmin": each.box.xmin,
            "ymin": each.box.ymin,
            "xmax": each.box.xmax,
            "ymax": each.box.ymax,
            "image_width": result.image.width,
            "image_height": result.image.height,
            "sha256": result.image.sha256,
        }
        for each in result.detections
    ]
