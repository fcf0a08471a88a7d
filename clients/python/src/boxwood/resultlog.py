# SPDX-License-Identifier: MIT
"""Outcomes in a file, one JSON object a line, from which a later run goes on: `{"key", "request", "result" | "error"}`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from .errors import BoxwoodError, error_of
from .flow import Outcome
from .results import Result
from .status import Code, Details, Status, Violation

_SYNC_INTERVAL = 1.0
"""Seconds between two syncs to disk; each line goes to the system at once."""


class ResultLog:
    """Written by one run at a time. A line that was cut when a run was killed is taken off; a line that cannot be read otherwise
    is left alone, and its picture done again.

    :raises BlockingIOError: while another run writes the file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._places: dict[tuple[str, str], int] = {}
        # For appending and reading; made if it is not there.
        self._file: IO[bytes] = self.path.open("a+b")
        try:
            _lock(self._file)
            self._scan()
        except BaseException:
            self._file.close()
            raise
        self._synced = time.monotonic()

    def seen(self, key: str, request: str, index: int) -> Outcome | None:
        """The result that an earlier run had for this key and request. Errors are no results: what had one is tried again."""
        place = self._places.get((key, request))
        if place is None:
            return None
        self._file.seek(place)
        line = self._file.readline()
        return Outcome(key, index, Result.parse(json.loads(line)["result"]), resumed=True)

    def write(self, outcome: Outcome, request: str) -> None:
        value: dict[str, Any] = {"key": outcome.key, "request": request}
        if outcome.result is not None:
            value["result"] = outcome.result.raw
        elif outcome.error is not None:
            value["error"] = error_message(outcome.error)
        self._file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\n")
        self._file.flush()
        now = time.monotonic()
        if now - self._synced >= _SYNC_INTERVAL:
            os.fsync(self._file.fileno())
            self._synced = now

    def close(self) -> None:
        if not self._file.closed:
            os.fsync(self._file.fileno())
            self._file.close()

    def _scan(self) -> None:
        self._file.seek(0)
        place = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            value = _object(line)
            if isinstance(value.get("result"), dict):
                self._places[str(value.get("key")), str(value.get("request"))] = place
            place += len(line)
        self._file.truncate(place)


def read(path: str | os.PathLike[str]) -> Iterator[Outcome]:
    """The outcomes in a file that `map` wrote: of each key the last, errors included, in the order of the lines that count."""
    last: dict[str, int] = {}
    with Path(path).open("rb") as file:
        for number, line in enumerate(file):
            value = _object(line)
            if "key" in value:
                last[value["key"]] = number
        file.seek(0)
        for number, line in enumerate(file):
            value = _object(line)
            if last.get(value.get("key", "")) == number:
                yield _outcome(value, number)


def _outcome(value: Mapping[str, Any], index: int) -> Outcome:
    if "result" in value:
        return Outcome(value["key"], index, Result.parse(value["result"]), resumed=True)
    return Outcome(value["key"], index, error=error_of(_status(value.get("error", {}))), resumed=True)


def error_message(error: BoxwoodError) -> dict[str, Any]:
    """What a line says of an error."""
    message: dict[str, Any] = {"code": error.code.name, "message": error.message, "retryable": error.retryable}
    if error.reason:
        message["reason"] = error.reason
    if error.violations:
        message["violations"] = [{"field": it.field, "description": it.description} for it in error.violations]
    if error.details.retry_delay_ms is not None:
        message["retry_after_ms"] = error.details.retry_delay_ms
    return message


def _status(value: Mapping[str, Any]) -> Status:
    violations = tuple(Violation(it["field"], it["description"]) for it in value.get("violations", ()))
    details = Details(violations, value.get("retry_after_ms"), value.get("reason", ""))
    return Status(Code.parse(value.get("code")) or Code.UNKNOWN, value.get("message", ""), details)


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _lock(file: IO[bytes]) -> None:
    try:
        import fcntl
    except ImportError:
        # Not every system has it; there, who runs twice at a time is on his own.
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(f"{file.name} is being written by another run") from None
