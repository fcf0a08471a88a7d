# SPDX-License-Identifier: MIT
"""A picture in whatever form the caller has it, as the bytes of a JPEG or PNG file."""

from __future__ import annotations

import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from .errors import InvalidArgument, ResourceExhausted, invalid
from .limits import IMAGE_BYTES
from .status import Code, Details, Status

Picture = Any
"""A path, the bytes of a JPEG or PNG file, a file open for reading bytes, a PIL picture, or a numpy array of unsigned bytes
`[height, width]` or `[height, width, 1 | 3 | 4]` in RGB order (OpenCV's are BGR: hand over `array[..., ::-1]`). A fourth channel is
left out. Arrays and PIL pictures are sent as PNG."""


@runtime_checkable
class _Readable(Protocol):
    def read(self) -> object: ...


@dataclass(frozen=True)
class EncodedPicture:
    """What is sent."""

    data: bytes
    pixels: int = 0
    """Width times height; 0 where its header does not show it."""


def load(picture: Picture) -> EncodedPicture:
    """
    :raises InvalidArgument: for a file that cannot be read, reason `PICTURE`.
    :raises ResourceExhausted: for more than 32 MiB, reason `TOO_LARGE`.
    :raises TypeError: for what is none of the forms of a picture.
    """
    if isinstance(picture, EncodedPicture):
        return picture
    data = _bytes(picture)
    if not data:
        raise invalid("image", "is empty", "PICTURE")
    if len(data) > IMAGE_BYTES:
        raise too_large("image", len(data), IMAGE_BYTES)
    width, height = size(data)
    return EncodedPicture(data, width * height)


def too_large(what: str, count: int, limit: int) -> ResourceExhausted:
    details = Details(reason="TOO_LARGE", metadata={"limit_bytes": str(limit), "bytes": str(count)})
    return ResourceExhausted(Status(Code.RESOURCE_EXHAUSTED, f"the {what} has {count} bytes; {limit} is the most", details))


def _bytes(picture: Picture) -> bytes:
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return bytes(picture)
    if isinstance(picture, (str, os.PathLike)):
        return _file(Path(picture))
    # By their modules' names: whoever has such an object has imported what it is of.
    if _is_of(picture, "PIL"):
        return _pillow(picture)
    if hasattr(picture, "__array_interface__"):
        return _array(picture)
    if isinstance(picture, _Readable) and not isinstance(picture, type):
        data = picture.read()
        if isinstance(data, bytes):
            return data
    raise TypeError(f"a picture is a path, bytes, a file, a PIL picture or a numpy array, not {type(picture).__name__}")


def _is_of(value: object, package: str) -> bool:
    return any(kind.__module__.split(".")[0] == package for kind in type(value).__mro__)


def _file(path: Path) -> bytes:
    try:
        if path.stat().st_size > IMAGE_BYTES:
            raise too_large("image", path.stat().st_size, IMAGE_BYTES)
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(f"cannot be read from {path}: {error.strerror}") from error
    except ValueError as error:
        raise _unreadable(f"has a path that is none: {error}") from error


def _unreadable(description: str) -> InvalidArgument:
    return invalid("image", description, "PICTURE")


def _pillow(picture: Any) -> bytes:
    from PIL import ImageOps

    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        raise TypeError(f"a PIL picture of mode {picture.mode} has no agreed range; scale it to 8 bits, mode L or RGB")
    try:
        # As it is meant to be looked at; the PNG has no word for that.
        upright = ImageOps.exif_transpose(picture)
        upright = upright if upright.mode in ("L", "RGB") else upright.convert("RGB")
        buffer = io.BytesIO()
        upright.save(buffer, "PNG", compress_level=1)
    except OSError as error:
        # Pillow opens files lazily: what is wrong with one may show only now.
        raise _unreadable(f"cannot be read by Pillow: {error}") from error
    return buffer.getvalue()


def _array(array: Any) -> bytes:
    from . import png

    if array.dtype.kind != "u" or array.dtype.itemsize != 1:
        raise TypeError(f"an array of unsigned bytes is needed, not of {array.dtype}; scale it to 0...255 and use uint8")
    shape = array.shape
    if len(shape) == 2:
        array = array.reshape(*shape, 1)
    elif len(shape) != 3 or shape[2] not in (1, 3, 4):
        raise TypeError(f"an array [height, width] or [height, width, 1 | 3 | 4] is needed, not {list(shape)}")
    if 0 in shape:
        raise invalid("image", f"is an array of {list(shape)}, without a pixel", "PICTURE")
    return png.encode(array[..., :3] if array.shape[2] == 4 else array)


def size(data: bytes) -> tuple[int, int]:
    """Width and height as the header has them, before any turning; (0, 0) where that cannot be read."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    return _jpeg_size(data) if data[:2] == b"\xff\xd8" else (0, 0)


# Start of frame, of all the ways to compress; C4, C8 and CC are something else.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
        elif marker in _FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0, 0
