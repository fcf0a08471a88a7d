# SPDX-License-Identifier: MIT
"""Messages as frames, and frames as messages: `protocol/README.md`, "Frames". Headers are JSON both ways, since a broker
answers in kind."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import error_of
from .limits import MAGIC
from .status import Code, Status


@dataclass(frozen=True)
class Request:
    """Opens a call."""

    id: str
    method: str
    """`/boxwood.v1.Grounding/Detect`."""
    body: bytes = b""
    image: bytes | None = None
    timeout_ms: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""
    traceparent: str = ""
    previous_attempts: int = 0
    is_batch: bool = False
    pixels: int = 0
    event_window: int = 0

    def frames(self) -> list[bytes]:
        header: dict[str, Any] = {"id": self.id, "method": self.method}
        if self.timeout_ms is not None:
            header["timeout_ms"] = self.timeout_ms
        if self.is_batch:
            header["priority"] = "BATCH"
        plain = ("metadata", "idempotency_key", "traceparent", "previous_attempts", "pixels", "event_window")
        header.update({name: value for name in plain if (value := getattr(self, name))})
        frames = [MAGIC, b"REQUEST", encode(header), self.body]
        return frames if self.image is None else [*frames, self.image]


@dataclass(frozen=True)
class Cancel:
    """Ends interest in a call."""

    id: str

    def frames(self) -> list[bytes]:
        return [MAGIC, b"CANCEL", encode({"id": self.id})]


@dataclass(frozen=True)
class Grant:
    """Takes so many events of a call more."""

    id: str
    events: int

    def frames(self) -> list[bytes]:
        return [MAGIC, b"GRANT", encode({"id": self.id, "events": self.events})]


@dataclass(frozen=True)
class Event:
    """One message of a streaming call."""

    id: str
    sequence: int
    body: bytes


@dataclass(frozen=True)
class Response:
    """Ends a call."""

    id: str
    status: Status
    body: bytes = b""
    attempts: int = 0
    """How many times the broker handed the call to a worker."""


class Malformed(Exception):
    """What came is no message of the protocol. `id` is that of the call that it speaks of, where that can be read."""

    def __init__(self, reason: str, message: str, call: str = "") -> None:
        super().__init__(message)
        self.id = call
        self.status = Status.of(Code.INTERNAL, message, reason)


def encode(value: Mapping[str, Any]) -> bytes:
    """JSON as small as it gets.

    :raises ValueError: for a number that is none, which JSON does not have.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def decode_body(body: bytes) -> dict[str, Any]:
    """The body of an answer; an empty one is the empty message.

    :raises InternalError: for what is not the JSON of an object.
    """
    try:
        value = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise error_of(Status.of(Code.INTERNAL, "the body of the answer is not a JSON object", "MALFORMED_BODY"))
    return value


def parse(frames: Sequence[bytes]) -> Event | Response:
    """What a broker sent.

    :raises Malformed: for anything else.
    """
    if len(frames) < 2 or frames[0] != MAGIC:
        raise Malformed("MALFORMED_FRAMES", "what came does not begin as version 1 of the protocol does")
    kind = bytes(frames[1])
    if kind not in (b"EVENT", b"RESPONSE"):
        raise Malformed("UNKNOWN_KIND", "what came is neither an EVENT nor a RESPONSE")
    header = _header(frames[2]) if len(frames) > 2 else {}
    call = header.get("id", "")
    if not isinstance(call, str):
        raise Malformed("MALFORMED_HEADER", "the id in the header is no text")
    if len(frames) != 4:
        raise Malformed("MALFORMED_FRAMES", f"the answer has {len(frames)} frames; it should have 4", call)
    try:
        return _message(kind, call, header, bytes(frames[3]))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise Malformed("MALFORMED_HEADER", "a field of the header is not what it should be", call) from None


def _message(kind: bytes, call: str, header: dict[str, Any], body: bytes) -> Event | Response:
    if kind == b"EVENT":
        return Event(call, int(header.get("sequence", 0)), body)
    return Response(call, Status.parse(header["status"]), body, int(header.get("attempts", 0)))


def _header(frame: bytes) -> dict[str, Any]:
    try:
        header = json.loads(frame)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise Malformed("MALFORMED_HEADER", "the header is not a JSON object")
    return header
