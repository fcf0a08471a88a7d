# SPDX-License-Identifier: MIT
"""How many pictures are worked on at a time, which are tried again, and which outcome is next: a value without a clock."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any

from .dialogue import OPEN_CALLS
from .errors import BoxwoodError
from .results import Result

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 8.0
"""Seconds before a picture is tried again, where the service does not say; each pause twice the one before."""

_AHEAD = 4
"""In order, so many times `in_flight` outcomes may wait for one that takes its time."""


@dataclass(frozen=True)
class Outcome:
    """What has become of one picture: a result or an error."""

    key: str
    index: int
    """Its place among the items, from 0."""
    result: Result | None = None
    error: BoxwoodError | None = None
    resumed: bool = False
    """Whether it comes from the file of an earlier run."""

    @property
    def ok(self) -> bool:
        return self.error is None

    def unwrap(self) -> Result:
        """:raises BoxwoodError: where there is no result."""
        if self.result is None:
            raise self.error or ValueError(f"item {self.key} has neither a result nor an error")
        return self.result

    def rows(self) -> list[dict[str, Any]]:
        """Flat rows for tables: one for each box, and one without a box where there is none."""
        from .exports import rows

        return rows.of_outcome(self)


@dataclass
class _Open:
    size: int
    started: float
    pause: float = _FIRST_PAUSE


@dataclass
class Flow:
    """
    :param max_bytes: of the pictures that are worked on; one alone may have more.
    :param patience: seconds for which a picture is tried again whose error is `retryable`.
    """

    in_flight: int
    max_bytes: int
    ordered: bool
    patience: float
    _open: dict[int, _Open] = field(default_factory=dict)
    _due: list[tuple[float, int]] = field(default_factory=list)
    _done: dict[int, Outcome] = field(default_factory=dict)
    _bytes: int = 0
    _next: int = 0
    """In order: the index of the next outcome."""

    def __post_init__(self) -> None:
        if not 1 <= self.in_flight <= OPEN_CALLS:
            raise ValueError(f"in_flight is 1 to {OPEN_CALLS}, not {self.in_flight}")
        if self.max_bytes < 1 or self.patience < 0:
            raise ValueError("max_bytes is at least 1, and patience at least 0")

    @property
    def is_idle(self) -> bool:
        return not self._open

    def has_room(self, index: int) -> bool:
        """Whether the item of that index may be looked at."""
        if self.ordered and index - self._next >= self.in_flight * _AHEAD:
            return False
        return len(self._open) < self.in_flight

    def fits(self, size: int) -> bool:
        return not self._open or self._bytes + size <= self.max_bytes

    def started(self, index: int, size: int, now: float) -> None:
        self._open[index] = _Open(size, now)
        self._bytes += size

    def ended(self, outcome: Outcome, now: float) -> bool:
        """A call for an item has ended, or an item that was never started.

        :returns: whether that is its outcome; else `due` will name it once more.
        """
        index, it = outcome.index, self._open.get(outcome.index)
        if it is not None:
            pause = self._pause(it, outcome.error, now)
            if pause is not None:
                heapq.heappush(self._due, (now + pause, index))
                it.pause = min(it.pause * 2, _LONGEST_PAUSE)
                return False
            del self._open[index]
            self._bytes -= it.size
        self._done[index] = outcome
        return True

    def due(self, now: float) -> list[int]:
        """The items to be sent once more."""
        found: list[int] = []
        while self._due and self._due[0][0] <= now:
            found.append(heapq.heappop(self._due)[1])
        return found

    @property
    def next_due(self) -> float | None:
        return self._due[0][0] if self._due else None

    def ready(self) -> list[Outcome]:
        """What can be told now; each outcome once."""
        if not self.ordered:
            found, self._done = list(self._done.values()), {}
            return found
        found = []
        while self._next in self._done:
            found.append(self._done.pop(self._next))
            self._next += 1
        return found

    def _pause(self, it: _Open, error: BoxwoodError | None, now: float) -> float | None:
        if error is None or not error.retryable:
            return None
        pause = it.pause if error.retry_after is None else error.retry_after
        return pause if now + pause <= it.started + self.patience else None
