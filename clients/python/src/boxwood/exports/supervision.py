# SPDX-License-Identifier: MIT
"""`supervision.Detections`."""

from __future__ import annotations

from typing import Any

from .._extras import require
from ..results import Result
from . import Classes, class_names, numbered, score_of


def detections(result: Result, classes: Classes = None) -> Any:
    """`class_id` counts from 0 in `classes`; `data["class_name"]` has the names."""
    sv, np = require("supervision", "supervision"), require("numpy", "supervision")
    names = class_names([result], classes)
    found = numbered(result, names)
    return sv.Detections(
        xyxy=np.array([each.box.xyxy for _, each in found], dtype=np.float32).reshape(-1, 4),
        confidence=np.array([score_of(each) for _, each in found], dtype=np.float32),
        class_id=np.array([number for number, _ in found], dtype=int),
        data={"class_name": np.array([each.label for _, each in found], dtype=str)},
    )
