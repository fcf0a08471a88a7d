# SPDX-License-Identifier: MIT
"""A picture with its boxes drawn on it."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ._extras import require
from .errors import invalid
from .pictures import Picture, load
from .results import Detection, Result

if TYPE_CHECKING:
    import PIL.Image

# Told apart by those who see few colours, too; after Okabe and Ito.
_COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")


def draw(result: Result, picture: Picture, labels: Collection[str] | None = None) -> PIL.Image.Image:
    """
    :raises InvalidArgument: for a picture that is not as large as that of the result.
    """
    image_module = require("PIL.Image", "draw")
    with image_module.open(io.BytesIO(load(picture).data)) as opened:
        canvas: PIL.Image.Image = require("PIL.ImageOps", "draw").exif_transpose(opened).convert("RGB")
    if canvas.size != (result.image.width, result.image.height):
        size, wanted = "x".join(map(str, canvas.size)), f"{result.image.width}x{result.image.height}"
        raise invalid("image", f"is {size}, and the result is of a picture of {wanted}", "PICTURE")
    shown = [each for each in result.detections if labels is None or each.label in labels]
    names = list(dict.fromkeys(entity.name for entity in result.entities))
    pen = _Pen(canvas)
    # The surest last, on top.
    for each in reversed(shown):
        pen.draw(each, _COLORS[names.index(each.label) % len(_COLORS)])
    return canvas


class _Pen:
    def __init__(self, canvas: PIL.Image.Image) -> None:
        self._draw: Any = require("PIL.ImageDraw", "draw").Draw(canvas)
        side = max(canvas.size)
        self._width = max(1, round(side / 250))
        self._font: Any = require("PIL.ImageFont", "draw").load_default(size=max(10, side / 45))

    def draw(self, detection: Detection, color: str) -> None:
        box = detection.box
        # A dark line under the coloured one, so that it shows on any ground.
        self._draw.rectangle(box.xyxy, outline="black", width=self._width + 2)
        self._draw.rectangle(box.xyxy, outline=color, width=self._width)
        score = "" if detection.score is None else f" {detection.score:.2f}"
        self._text((box.xmin, box.ymin), f"{detection.label}{score}", color)

    def _text(self, corner: tuple[float, float], text: str, color: str) -> None:
        left, top, right, bottom = self._draw.textbbox((0, 0), text, font=self._font)
        # Above the box, unless that is outside.
        x, y = corner[0], max(0.0, corner[1] - (bottom - top) - 4)
        self._draw.rectangle((x, y, x + right - left + 4, y + bottom - top + 4), fill=color)
        self._draw.text((x + 2 - left, y + 2 - top), text, fill="black" if color in _COLORS[4:] else "white", font=self._font)
