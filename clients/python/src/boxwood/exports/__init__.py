# SPDX-License-Identifier: MIT
"""Results in the forms that other tools read. Each takes `classes`, the names that may occur, in the order that numbers them: from
1 in COCO, from 0 elsewhere. A box whose name is not among them is left out; without `classes` it is the names that occur."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..results import Detection, Result

Classes = Sequence[str] | None

MISSING_SCORE = 1.0
"""Where no score is known, as with beam search, and the form needs one."""


def class_names(results: Iterable[Result], classes: Classes) -> list[str]:
    """:raises ValueError: for a class that is named twice."""
    if classes is None:
        return list(dict.fromkeys(entity.name for result in results for entity in result.entities if entity.boxes))
    if isinstance(classes, str):
        raise TypeError(f"classes is a list of names: write [{classes!r}]")
    if len(set(classes)) != len(classes):
        raise ValueError("a class is named twice, and so has two numbers")
    return list(classes)


def numbered(result: Result, names: Sequence[str]) -> list[tuple[int, Detection]]:
    """The boxes whose names are among `names`, each with its place there; the surest first."""
    numbers = {name: number for number, name in enumerate(names)}
    return [(numbers[each.label], each) for each in result.detections if each.label in numbers]


def score_of(detection: Detection) -> float:
    return MISSING_SCORE if detection.score is None else detection.score
