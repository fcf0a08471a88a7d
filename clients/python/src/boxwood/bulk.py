# SPDX-License-Identifier: MIT
"""A task on each of many pictures: what both clients' `map` share, and how the one that waits does it."""

from __future__ import annotations

import hashlib
import operator
import os
import queue
import secrets
import time
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypedDict

from . import queries
from .base import Opened
from .errors import BoxwoodError, invalid
from .flow import Flow, Outcome
from .frames import Event, Response
from .pictures import Picture
from .progress import Progress, Tally, display
from .queries import CallOptions, Priority, Query
from .resultlog import ResultLog
from .results import Result
from .tasks import Task
from .transport import Listener

IN_FLIGHT = 16
MAX_BYTES = 128 << 20
PATIENCE = 60.0


@dataclass(frozen=True)
class Item:
    """One picture of a run."""

    image: Picture | Callable[[], Picture]
    """A function is called when the picture's turn comes, so that it need not be in memory before; what it raises is the error."""
    key: str | None = None
    """By which its outcome is known, and found again by a later run. A path is its own; else it is the item's place."""
    task: Task | None = None


Items = Iterable[Any]
"""Pictures, `(key, picture)` pairs, or `Item`s."""


class MapOptions(TypedDict, total=False):
    """What a run can be told, by keyword."""

    in_flight: int
    """Pictures that are worked on at a time, 1 to 1024; 16 unless given. A worker does 4 side by side and holds one more."""
    ordered: bool
    """Outcomes in the order of the items; else as they come."""
    max_bytes: int
    """Of the pictures that are worked on, 128 MiB unless given."""
    patience: float
    """Seconds for which a picture is tried again whose error is `retryable`; 60 unless given."""
    resume: str | os.PathLike[str]
    """A file to which every outcome is written, and from which a run that is started again takes the results that are there. Items
    then need keys."""
    progress: bool | Callable[[Progress], object]
    """True for a bar or lines on the standard error stream; a function is told the counts."""
    timeout: float
    """Seconds for a picture, once it is sent; the client's unless given."""
    priority: Priority
    """`batch` unless given."""


@dataclass
class Entry:
    """An item whose turn it is."""

    index: int
    key: str
    image: Any
    task: Task
    request: str
    """A digest of the task, so that a file of another task's results is not taken for this one's."""

    def load(self) -> Query[Result] | BoxwoodError:
        """What to ask, or why that is not possible."""
        try:
            return queries.task(self.task, self.image() if callable(self.image) else self.image)
        except BoxwoodError as error:
            return error
        except Exception as error:  # noqa: BLE001 - one bad picture never ends the run, whatever is wrong with it
            return invalid("image", f"cannot be had: {type(error).__name__}: {error}", "PICTURE")


@dataclass
class Sending:
    """An entry that is, or is to be, worked on."""

    entry: Entry
    query: Query[Result]
    options: CallOptions
    opened: Opened | None = None

    @property
    def size(self) -> int:
        return len(self.query.image.data) if self.query.image else 0


class Run:
    """The books of a run, whoever waits."""

    def __init__(self, items: Items | AsyncIterable[Any], task: Task | None, how: MapOptions) -> None:
        """:raises ValueError: for what no run can have; TypeError for what no run knows."""
        if isinstance(items, (str, bytes, os.PathLike)):
            raise TypeError("map takes many pictures: write [picture], or ask for the task itself")
        queries.check_names(MapOptions, how)
        self._task = task
        # A task that cannot be said shows before the first picture.
        self._digest = "" if task is None else _digest(task)
        self._options: CallOptions = {"priority": how.get("priority", "batch"), "timeout": how.get("timeout")}
        self._flow = Flow(
            in_flight=how.get("in_flight", IN_FLIGHT),
            max_bytes=how.get("max_bytes", MAX_BYTES),
            ordered=how.get("ordered", False),
            patience=how.get("patience", PATIENCE),
        )
        total = operator.length_hint(items, -1)
        self._tally = Tally(None if total < 0 else total, display(how.get("progress", False)))
        self._log = ResultLog(how["resume"]) if "resume" in how else None
        self._sendings: dict[int, Sending] = {}
        self._held: Sending | None = None
        """Loaded, and waiting for room."""
        self._next_index = 0
        self._is_exhausted = False

    @property
    def is_over(self) -> bool:
        return self._is_exhausted and self._held is None and self._flow.is_idle

    @property
    def wants_item(self) -> bool:
        return not self._is_exhausted and self._held is None and self._flow.has_room(self._next_index)

    @property
    def next_due(self) -> float | None:
        """When `to_send` will have something to send once more."""
        return self._flow.next_due

    def exhausted(self) -> None:
        """There are no more items."""
        self._is_exhausted = True

    def take(self, value: Any) -> Entry | None:
        """The next item, to be loaded; `None` where an earlier run has its result.

        :raises ValueError: for one without a key where a file is kept, or without a task.
        """
        entry = self._entry(self._next_index, _item(value))
        self._next_index += 1
        outcome = self._log.seen(entry.key, entry.request, entry.index) if self._log else None
        if outcome is None:
            return entry
        self._flow.ended(outcome, 0)
        return None

    def loaded(self, entry: Entry, loaded: Query[Result] | BoxwoodError, now: float) -> None:
        if isinstance(loaded, BoxwoodError):
            self._ended(entry, Outcome(entry.key, entry.index, error=loaded), now)
            return
        # One key for every time that it is sent: what the service has begun, it does not begin again.
        self._held = Sending(entry, loaded, {**self._options, "idempotency_key": secrets.token_urlsafe(16)})

    def to_send(self, now: float) -> Iterator[Sending]:
        """What is to be sent now; each sets `opened`."""
        for index in self._flow.due(now):
            yield self._sendings[index]
        held = self._held
        if held is not None and self._flow.fits(held.size):
            self._held = None
            self._flow.started(held.entry.index, held.size, now)
            self._sendings[held.entry.index] = held
            yield held

    def answered(self, index: int, response: Response, now: float) -> None:
        sending = self._sendings[index]
        sending.opened = None
        try:
            outcome = Outcome(sending.entry.key, index, sending.query.outcome(response))
        except BoxwoodError as error:
            outcome = Outcome(sending.entry.key, index, error=error)
        self._ended(sending.entry, outcome, now)

    def ready(self) -> Iterator[Outcome]:
        for outcome in self._flow.ready():
            self._tally.count(outcome)
            yield outcome

    def close(self) -> None:
        """Cancels what is still open."""
        for sending in self._sendings.values():
            if sending.opened is not None:
                sending.opened.cancel()
        self._tally.close()
        if self._log:
            self._log.close()

    def _entry(self, index: int, item: Item) -> Entry:
        task = item.task or self._task
        if task is None:
            raise ValueError(f"item {index} names no task, and map was given none")
        key = item.key
        if key is None and isinstance(item.image, (str, os.PathLike)):
            key = str(item.image)
        if key is None and self._log:
            raise ValueError(f"item {index} has no key to be found again by: give (key, picture) pairs or Items")
        request = self._digest if task is self._task else _digest(task)
        return Entry(index, str(index) if key is None else key, item.image, task, request)

    def _ended(self, entry: Entry, outcome: Outcome, now: float) -> None:
        if self._flow.ended(outcome, now):
            self._sendings.pop(entry.index, None)
            if self._log:
                self._log.write(outcome, entry.request)


class _Heard:
    """Hands the end of a call over to whoever runs the map."""

    def __init__(self, index: int, hear: Callable[[tuple[int, Response]], object]) -> None:
        self._index = index
        self._hear = hear

    def told(self, event: Event) -> None:
        """Nobody asked for any."""

    def ended(self, response: Response) -> None:
        self._hear((self._index, response))


def heard(index: int, hear: Callable[[tuple[int, Response]], object]) -> Listener:
    return _Heard(index, hear)


Open = Callable[[Query[Any], CallOptions, Listener], Opened]


def run(open_: Open, items: Items, task: Task | None, how: MapOptions) -> Iterator[Outcome]:
    """Checks what it is told at once, and begins when the first outcome is asked for."""
    return _outcomes(open_, items, Run(items, task, how))


def _outcomes(open_: Open, items: Items, books: Run) -> Iterator[Outcome]:
    arrived: queue.SimpleQueue[tuple[int, Response]] = queue.SimpleQueue()
    try:
        source = iter(items)
        while not books.is_over:
            for index, response in _drain(arrived, 0.0 if books.wants_item else _until(books.next_due)):
                books.answered(index, response, time.monotonic())
            if books.wants_item:
                _take(source, books)
            for sending in books.to_send(time.monotonic()):
                sending.opened = open_(sending.query, sending.options, heard(sending.entry.index, arrived.put))
            yield from books.ready()
    finally:
        books.close()


def _take(source: Iterator[Any], books: Run) -> None:
    for value in source:
        entry = books.take(value)
        if entry is not None:
            books.loaded(entry, entry.load(), time.monotonic())
        return
    books.exhausted()


def _drain(arrived: queue.SimpleQueue[Any], patience: float | None) -> Iterator[Any]:
    """What has arrived; waits for the first of it."""
    try:
        yield arrived.get(timeout=patience)
        while True:
            yield arrived.get_nowait()
    except queue.Empty:
        return


def _until(due: float | None) -> float | None:
    return None if due is None else max(0.0, due - time.monotonic())


def _digest(task: Task) -> str:
    return hashlib.sha256(task.method.encode() + b"\0" + task.body()).hexdigest()[:16]


def _item(value: Any) -> Item:
    if isinstance(value, Item):
        return value
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        return Item(value[1], value[0])
    return Item(value)
