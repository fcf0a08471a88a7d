# SPDX-License-Identifier: MIT
"""Waiting for a call in a thread."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

from .errors import BoxwoodError, error_of
from .frames import Event, Response
from .queries import Query
from .reading import EntityReading, Reading
from .results import EntityEvent, Result
from .status import Code, Status

if TYPE_CHECKING:
    import sys

    if sys.version_info >= (3, 11):
        from typing import Self
    else:
        from typing_extensions import Self

    from .base import Opened
    from .transport import Listener

T = TypeVar("T")

Opener = Callable[["Listener"], "Opened"]


class Pending(Generic[T]):
    """A call that was begun, to be waited for or cancelled. Leaving its `with` block, or forgetting it, cancels it
    if it has not ended."""

    def __init__(self, query: Query[T], open_: Callable[[Query[T], Listener], Opened]) -> None:
        self._query = query
        self._answer = _Answer()
        self._opened = open_(query, self._answer)

    @property
    def is_done(self) -> bool:
        return self._answer.is_there.is_set()

    def result(self, timeout: float | None = None) -> T:
        """The answer.

        :param timeout: seconds to wait; the call itself goes on when they are over.
        :raises DeadlineExceeded: when the answer is not there by then, or the call's own time is over.
        :raises BoxwoodError: the one that the call ended with.
        """
        if not self._answer.is_there.wait(timeout):
            raise error_of(Status.of(Code.DEADLINE_EXCEEDED, f"no answer within {timeout} s; the call goes on"))
        return self._query.outcome(self._answer.response)

    def cancel(self) -> None:
        """Ends the call with CANCELLED, and the work at the service. Nothing happens to one that has ended."""
        self._opened.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self.is_done:
            self.cancel()

    def __del__(self) -> None:
        # Nobody is left to wait for it.
        if hasattr(self, "_opened") and not self.is_done:
            self.cancel()


class _Answer:
    """What the transport knows of a pending call: not the call itself, so that one that is forgotten is seen to be."""

    def __init__(self) -> None:
        self.is_there = threading.Event()
        self.response = Response("", Status(Code.UNKNOWN))

    def told(self, event: Event) -> None:
        """Nobody asked for any."""

    def ended(self, response: Response) -> None:
        self.response = response
        self.is_there.set()


class _Inbox:
    """What the transport knows of a stream."""

    def __init__(self) -> None:
        self.arrived: queue.SimpleQueue[Event | Response] = queue.SimpleQueue()

    def told(self, event: Event) -> None:
        self.arrived.put(event)

    def ended(self, response: Response) -> None:
        self.arrived.put(response)


class Stream(Generic[T]):
    """What a streaming call tells, one after the other, for one reader. Leaving its `with` block, `close`, or
    forgetting it cancels the call."""

    def __init__(self, reading: Reading[T], open_: Opener) -> None:
        self._reading = reading
        self._inbox = _Inbox()
        self._ready: deque[T] = deque()
        self._is_over = False
        self._error: BoxwoodError | None = None
        self._opened = open_(self._inbox)

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        """:raises BoxwoodError: the one that the call ended with."""
        while not self._ready:
            if self._error is not None:
                raise self._error
            if self._is_over:
                raise StopIteration
            self._take(self._inbox.arrived.get())
        return self._ready.popleft()

    def _take(self, arrived: Event | Response) -> None:
        if isinstance(arrived, Event):
            self._ready.extend(self._reading.event(arrived))
            self._opened.taken()
            return
        self._is_over = True
        try:
            self._ready.extend(self._reading.end(arrived))
        except BoxwoodError as error:
            self._error = error

    def close(self) -> None:
        """Cancels the call, unless it has ended; nothing more is told."""
        if not self._is_over:
            self._is_over = True
            self._opened.cancel()
        self._ready.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_opened"):
            self.close()


class EntityStream(Stream[EntityEvent]):
    """A task's entities as they are found, and its result at the end."""

    def __init__(self, open_: Opener) -> None:
        self._entities = EntityReading()
        super().__init__(self._entities, open_)

    def result(self) -> Result:
        """Waits for the end, past what has not been read, and gives the whole result.

        :raises BoxwoodError: the one that the call ended with, CANCELLED after `close`.
        """
        for _ in self:
            pass
        if self._entities.result is None:
            raise error_of(Status.of(Code.CANCELLED, "the stream was closed before its end"))
        return self._entities.result


def ask(query: Query[T], open_: Callable[[Query[T], Listener], Opened]) -> T:
    """Waits for the answer. Whatever interrupts the waiting, Ctrl-C for one, cancels the call."""
    with Pending(query, open_) as pending:
        return pending.result()
