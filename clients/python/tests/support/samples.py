# SPDX-License-Identifier: MIT
"""Results and pictures to test with."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]
"""The repository."""

PICTURES = ROOT / "models" / "boxwood-nano" / "samples"
SCENE = PICTURES / "scene-1.jpg"


def result(
    *found: tuple[str, tuple[float, float, float, float], float | None], width: int = 200, height: int = 100
) -> dict[str, Any]:
    """The JSON of a detection.

    :param found: of each box its label, its corners as fractions, and its score. Boxes of one label become one entity.
    """
    caption, entities = "", list[dict[str, Any]]()
    for label in dict.fromkeys(label for label, _, _ in found):
        start = len(caption) + (2 if caption else 0)
        caption += f"{', ' if caption else ''}{label}"
        boxes = [box(corners, score, width, height) for name, corners, score in found if name == label]
        entity = {"phrase": label, "span": [start, len(caption)], "label": label, "source": "model", "boxes": boxes}
        entities.append(entity)
    return {
        "id": "call",
        "task": "detect",
        "model": {"name": "pretended", "revision": "0123abcd", "precision": "f32"},
        "image": {"width": width, "height": height, "sha256": "0" * 64, "orientation": 1},
        "caption": caption,
        "entities": entities,
        "text": "",
        "finish_reason": "stop",
        "warnings": [],
        "usage": {"prompt_tokens": 75, "generated_tokens": 4, "image_cache_hit": False},
        "timing_ms": dict.fromkeys(("queue", "decode_image", "vision", "prefill", "generate", "total"), 1),
        "attempts": 1,
    }


def box(corners: tuple[float, float, float, float], score: float | None, width: int, height: int) -> dict[str, Any]:
    x0, y0, x1, y1 = corners
    pixels = {"xmin": x0 * width, "ymin": y0 * height, "xmax": x1 * width, "ymax": y1 * height}
    scored = {} if score is None else {"score": score}
    return {**pixels, "normalized": list(corners), "patches": [0, 1023], **scored}


CAT = ("cat", (0.25, 0.5, 0.75, 1.0), 0.9)
DOG = ("dog", (0.0, 0.0, 0.5, 0.25), 0.7)
SECOND_CAT = ("cat", (0.125, 0.125, 0.25, 0.25), 0.65)
RESULT = result(CAT, DOG, SECOND_CAT)


def png(width: int = 2, height: int = 3) -> bytes:
    """A picture, without anybody's help."""
    rows = b"".join(b"\0" + bytes(range(3 * width)) for _ in range(height))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def conversation(name: str) -> list[dict[str, Any]]:
    """A recorded conversation of the protocol, its frames as bytes."""
    lines = (ROOT / "protocol" / "examples" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [{**line, "frames": [frame_bytes(frame) for frame in line["frames"]]} for line in map(json.loads, lines)]


def frame_bytes(frame: str | dict[str, str]) -> bytes:
    import base64

    return frame.encode() if isinstance(frame, str) else base64.b64decode(frame["base64"])
