# SPDX-License-Identifier: MIT
"""For supervision: a function from a frame to its detections, as `InferenceSlicer`, trackers and video loops take one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..client import Client
from ..tasks import Detect, Options


def detector(client: Client, labels: Sequence[str], *, options: Options | None = None, bgr: bool = True) -> Callable[[Any], Any]:
    """
    :param bgr: whether arrays come in OpenCV's order, as supervision's own sources give them; PIL pictures and paths have none.
    :returns: a function of a picture to `supervision.Detections`, whose `class_id` counts in `labels`.
    """
    task = Detect(labels, options or Options())

    def detect(picture: Any) -> Any:
        return client.run(task, in_rgb(picture) if bgr else picture).to_supervision(task.labels)

    return detect


def in_rgb(picture: Any) -> Any:
    """An array of OpenCV's with its channels turned around; anything else as it is."""
    has_channels = hasattr(picture, "__array_interface__") and len(getattr(picture, "shape", ())) == 3 and picture.shape[2] == 3
    return picture[..., ::-1] if has_channels and not hasattr(picture, "convert") else picture
