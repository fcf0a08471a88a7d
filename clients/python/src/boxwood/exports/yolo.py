# SPDX-License-Identifier: MIT
"""YOLO's label files: one for each picture, one line for each box."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..results import Result
from . import Classes, class_names, numbered


def label_file(result: Result, classes: Classes = None) -> str:
    """`class x y width height`: the centre and the sizes, as fractions of the picture."""
    return "".join(_line(number, each.box.normalized) for number, each in numbered(result, class_names([result], classes)))


def write(folder: str | os.PathLike[str], pictures: Iterable[tuple[str, Result]], classes: Classes = None) -> list[str]:
    """A label file for each picture, named for it, and `classes.txt`.

    :param pictures: of each its file name and its result.
    :returns: the names of the classes.
    """
    pairs = list(pictures)
    names = class_names((result for _, result in pairs), classes)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for file_name, result in pairs:
        (target / f"{Path(file_name).stem}.txt").write_text(label_file(result, names), encoding="utf-8")
    (target / "classes.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return names


def _line(number: int, corners: tuple[float, float, float, float]) -> str:
    x0, y0, x1, y1 = corners
    return f"{number} {(x0 + x1) / 2:.6f} {(y0 + y1) / 2:.6f} {x1 - x0:.6f} {y1 - y0:.6f}\n"
