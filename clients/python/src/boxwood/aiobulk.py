# SPDX-License-Identifier: MIT
"""A task on each of many pictures, in an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any

from .aio import Heard
from .bulk import MapOptions, Open, Run
from .tasks import Task

if TYPE_CHECKING:
    from .flow import Outcome
    from .frames import Response


def run(open_: Open, items: Iterable[Any] | AsyncIterable[Any], task: Task | None, how: MapOptions) -> AsyncIterator[Outcome]:
    """Checks what it is told at once, and begins when the first outcome is asked for."""
    return _outcomes(open_, _source(items), Run(items, task, how))


async def _outcomes(open_: Open, source: AsyncIterator[Any], books: Run) -> AsyncIterator[Outcome]:
    arrived: asyncio.Queue[tuple[int, Response]] = asyncio.Queue()
    try:
        while not books.is_over:
            for index, response in await _drain(arrived, books):
                books.answered(index, response, time.monotonic())
            if books.wants_item:
                await _take(source, books)
            for sending in books.to_send(time.monotonic()):
                sending.opened = open_(sending.query, sending.options, _heard(sending.entry.index, arrived))
            for outcome in books.ready():
                yield outcome
    finally:
        books.close()


def _heard(index: int, arrived: asyncio.Queue[tuple[int, Response]]) -> Heard:
    return Heard(lambda _: None, lambda response: arrived.put_nowait((index, response)))


async def _take(source: AsyncIterator[Any], books: Run) -> None:
    async for value in source:
        entry = books.take(value)
        if entry is not None:
            # Reading files would hold up the event loop.
            books.loaded(entry, await asyncio.to_thread(entry.load), time.monotonic())
        return
    books.exhausted()


async def _drain(arrived: asyncio.Queue[tuple[int, Response]], books: Run) -> list[tuple[int, Response]]:
    """What has arrived; waits for the first of it where nothing else is to be done."""
    found: list[tuple[int, Response]] = []
    if not books.wants_item:
        due = books.next_due
        try:
            left = None if due is None else max(0.0, due - time.monotonic())
            found.append(await asyncio.wait_for(arrived.get(), left))
        except asyncio.TimeoutError:
            return []
    while not arrived.empty():
        found.append(arrived.get_nowait())
    return found


async def _source(items: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
