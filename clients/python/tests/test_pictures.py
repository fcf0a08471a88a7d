# SPDX-License-Identifier: MIT
from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import boxwood
from boxwood import pictures
from boxwood.limits import IMAGE_BYTES
from support.samples import PICTURES, SCENE, png


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    "picture", [SCENE, str(SCENE), SCENE.read_bytes(), bytearray(SCENE.read_bytes()), memoryview(SCENE.read_bytes())]
)
def test_files_and_bytes_go_as_they_are(picture: object) -> None:
    loaded = pictures.load(picture)
    assert loaded.data == SCENE.read_bytes()
    assert loaded.pixels == opened(SCENE.read_bytes()).width * opened(SCENE.read_bytes()).height


def test_an_open_file_is_read() -> None:
    with SCENE.open("rb") as file:
        assert pictures.load(file).data == SCENE.read_bytes()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1", "CMYK", "LA"])
def test_a_pillow_picture_goes_as_png(mode: str) -> None:
    picture = opened(SCENE.read_bytes()).resize((30, 20)).convert(mode)
    sent = opened(pictures.load(picture).data)
    assert (sent.format, sent.size) == ("PNG", (30, 20))
    assert sent.convert("RGB").tobytes() == picture.convert("RGB").tobytes()


def test_a_pillow_picture_is_sent_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(buffer, "JPEG", exif=exif)
    assert opened(pictures.load(opened(buffer.getvalue())).data).size == (20, 30)


@pytest.mark.parametrize("mode", ["I", "F", "I;16"])
def test_a_pillow_picture_without_a_range_is_refused(mode: str) -> None:
    with pytest.raises(TypeError, match="8 bits"):
        pictures.load(Image.new(mode, (3, 2)))


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 4), (1, 1, 3)])
def test_an_array_goes_as_png(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    loaded = pictures.load(array)
    sent = np.array(opened(loaded.data))
    wanted = array[..., :3] if shape[-1] == 4 else array
    assert (sent == wanted.reshape(sent.shape)).all()
    assert loaded.pixels == shape[0] * shape[1]


def test_an_array_need_not_lie_in_one_piece() -> None:
    array = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    assert (np.array(opened(pictures.load(array[::2, ::-1, ::-1]).data)) == array[::2, ::-1, ::-1]).all()


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 2, 3)),
        np.zeros((2, 2), bool),
        np.zeros((2, 2), np.uint16),
        np.zeros((2,), np.uint8),
        np.zeros((2, 2, 2), np.uint8),
    ],
)
def test_an_array_that_is_no_picture_is_refused(array: object) -> None:
    with pytest.raises(TypeError, match="needed"):
        pictures.load(array)


def test_an_array_without_a_pixel_is_refused() -> None:
    with pytest.raises(boxwood.InvalidArgument):
        pictures.load(np.zeros((0, 4, 3), np.uint8))


@pytest.mark.parametrize("picture", [None, 3, ["photo.jpg"], io.StringIO("text"), io.StringIO])
def test_what_is_no_picture_is_refused(picture: object) -> None:
    with pytest.raises(TypeError, match="a picture is"):
        pictures.load(picture)


@pytest.mark.parametrize("picture", ["", b"", "/nowhere/at/all.jpg", "a\0b", "/"])
def test_a_picture_that_cannot_be_read_is_an_error_of_its_own(picture: object) -> None:
    with pytest.raises(boxwood.InvalidArgument) as caught:
        pictures.load(picture)
    assert (caught.value.reason, caught.value.violations[0].field, caught.value.retryable) == ("PICTURE", "image", False)


def test_a_broken_pillow_picture_is_one_too() -> None:
    with pytest.raises(boxwood.InvalidArgument, match="Pillow"):
        pictures.load(opened(SCENE.read_bytes()[:2000]))


def test_the_largest_file_is_taken_and_the_next_one_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    assert len(pictures.load(path).data) == IMAGE_BYTES
    with path.open("ab") as file:
        file.truncate(IMAGE_BYTES + 1)
    with pytest.raises(boxwood.ResourceExhausted) as caught:
        pictures.load(path)
    assert caught.value.reason == "TOO_LARGE"


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.jpg")), ids=lambda path: path.name)
def test_sizes_are_read_from_jpegs(path: Path) -> None:
    assert pictures.size(path.read_bytes()) == opened(path.read_bytes()).size


@pytest.mark.parametrize(
    "how", [{"progressive": True}, {"restart_marker_blocks": 1}, {"comment": b"\xff\xc0" * 20}, {"optimize": True}]
)
def test_sizes_are_read_from_jpegs_of_every_kind(how: dict[str, object]) -> None:
    buffer = io.BytesIO()
    opened(SCENE.read_bytes()).resize((61, 43)).save(buffer, "JPEG", **how)
    assert pictures.size(buffer.getvalue()) == (61, 43)


@pytest.mark.parametrize("end", range(0, 40, 3))
def test_a_header_that_is_cut_says_nothing(end: int) -> None:
    for data in (SCENE.read_bytes()[:end], png(61, 43)[:end]):
        assert pictures.size(data) in ((0, 0), (61, 43))
        assert end >= 24 or pictures.size(data) == (0, 0)
