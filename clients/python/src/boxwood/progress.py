# SPDX-License-Identifier: MIT
"""How far a run has come: a bar where tqdm is installed, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from .flow import Outcome

_INTERVAL = 2.0
"""Seconds between two lines."""


@dataclass
class Progress:
    """Counts of a run."""

    total: int | None
    """`None` where the items do not say how many they are."""
    done: int = 0
    """Failed and resumed ones included."""
    failed: int = 0
    resumed: int = 0
    elapsed: float = 0.0
    """Seconds."""

    @property
    def rate(self) -> float:
        """Pictures a second, but for the resumed ones."""
        return (self.done - self.resumed) / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds, at the rate so far."""
        return (self.total - self.done) / self.rate if self.total is not None and self.rate > 0 else None

    def __str__(self) -> str:
        total = "" if self.total is None else f" of {self.total}"
        failed = f", {self.failed} failed" if self.failed else ""
        resumed = f", {self.resumed} from before" if self.resumed else ""
        left = "" if self.left is None else f", {self.left:.0f} s left"
        return f"{self.done}{total} pictures{failed}{resumed}, {self.rate:.1f} a second{left}"


class Display(Protocol):
    def show(self, progress: Progress, is_last: bool) -> None: ...


class Tally:
    """Counts outcomes and shows the counts."""

    def __init__(self, total: int | None, display: Display | None) -> None:
        self.progress = Progress(total)
        self._display = display
        self._start = time.monotonic()

    def count(self, outcome: Outcome) -> None:
        self.progress.done += 1
        self.progress.failed += not outcome.ok
        self.progress.resumed += outcome.resumed
        self._show(False)

    def close(self) -> None:
        self._show(True)

    def _show(self, is_last: bool) -> None:
        if self._display is not None:
            self.progress.elapsed = time.monotonic() - self._start
            self._display.show(self.progress, is_last)


def display(wanted: bool | Callable[[Progress], object]) -> Display | None:
    """:param wanted: a function is called with the counts after every outcome, and once more at the end."""
    if callable(wanted):
        return _Told(wanted)
    if not wanted:
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Lines()
    return _Bar(tqdm)


class _Told:
    def __init__(self, hear: Callable[[Progress], object]) -> None:
        self._hear = hear

    def show(self, progress: Progress, is_last: bool) -> None:
        self._hear(progress)


class _Lines:
    def __init__(self) -> None:
        self._shown = time.monotonic()

    def show(self, progress: Progress, is_last: bool) -> None:
        now = time.monotonic()
        if is_last or now - self._shown >= _INTERVAL:
            self._shown = now
            print(progress, file=sys.stderr, flush=True)


class _Bar:
    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None

    def show(self, progress: Progress, is_last: bool) -> None:
        if self._bar is None:
            self._bar = self._tqdm(total=progress.total, unit="picture")
        if progress.failed:
            self._bar.set_postfix(failed=progress.failed, refresh=False)
        self._bar.update(progress.done - self._bar.n)
        if is_last:
            self._bar.close()
