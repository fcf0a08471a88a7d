# SPDX-License-Identifier: MIT
from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import boxwood
from boxwood import Result
from support.samples import CAT, DOG, result

GREY = Image.new("RGB", (200, 100), (128, 128, 128))


def changed(drawn: Image.Image) -> tuple[int, int, int, int]:
    """The rows and columns that were drawn on."""
    rows, columns = np.nonzero((np.asarray(drawn) != 128).any(axis=2))
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def test_boxes_are_drawn_where_they_are() -> None:
    drawn = Result.parse(result(("", CAT[1], None))).draw(GREY)
    left, top, right, bottom = changed(drawn)
    assert (left, right, bottom) == (50, 150, 99)
    assert top < 50
    # The inside is left as it is.
    assert drawn.getpixel((100, 80)) == (128, 128, 128)
    assert np.asarray(GREY).min() == 128


def test_only_the_labels_that_are_wanted_are_drawn() -> None:
    found = Result.parse(result(CAT, DOG))
    assert changed(found.draw(GREY, labels=["dog"]))[2] < changed(found.draw(GREY, labels=["cat"]))[2]
    assert np.asarray(found.draw(GREY, labels=[])).tolist() == np.asarray(GREY).tolist()


def test_a_label_keeps_its_colour() -> None:
    both, one = Result.parse(result(CAT, DOG)).draw(GREY), Result.parse(result(CAT, DOG)).draw(GREY, labels=["dog"])
    assert both.getpixel((2, 24)) == one.getpixel((2, 24))


def test_a_picture_is_drawn_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (100, 200)).save(buffer, "JPEG", exif=exif)
    assert Result.parse(result(CAT)).draw(buffer.getvalue()).size == (200, 100)


def test_another_picture_is_refused() -> None:
    with pytest.raises(boxwood.InvalidArgument, match=r"30x20.*200x100"):
        Result.parse(result(CAT)).draw(Image.new("RGB", (30, 20)))
