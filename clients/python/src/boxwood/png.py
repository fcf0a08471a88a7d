# SPDX-License-Identifier: MIT
"""Pixels as a PNG file, with what Python brings: for arrays, so that nobody needs Pillow to send one."""

from __future__ import annotations

import struct
import zlib
from typing import Any

_COLOR_TYPES = {1: 0, 3: 2}
"""PNG's number for grey and for RGB, by channels."""
_FILTER_UP = 2
_LEVEL = 1
"""Of zlib: the file is read once, by a service that is mostly near."""


def encode(array: Any) -> bytes:
    """:param array: `[height, width, channels]` of unsigned bytes, one channel or three, as numpy has them. Not imported: the
    array brings its own arithmetic.
    """
    height, width, channels = array.shape
    # Each row as its difference from the one above, modulo 256: photographs and drawings alike get smaller by it.
    rows = array.reshape(height, width * channels)
    differences = rows.copy()
    differences[1:] -= rows[:-1]
    lines = b"".join(bytes([_FILTER_UP]) + row.tobytes() for row in differences)
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines, _LEVEL)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
