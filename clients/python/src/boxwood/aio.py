# SPDX-License-Identifier: MIT
"""The client for asyncio. The same transport, and so the same thread, as the one that waits: an event loop is only told."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import queries
from .base import BaseClient, Opened
from .errors import BoxwoodError, Unavailable, error_of
from .frames import Event, Response
from .jobs import Job, ListOptions, SubmitOptions, job_id, turn
from .markup import Span
from .pictures import Picture
from .queries import WINDOW, CallOptions, Query
from .reading import EntityReading, HealthReading, Reading
from .results import Box, EntityEvent, Result
from .service import GROUNDING, Health, ServiceStatus
from .status import Code, Status
from .tasks import Align, Ask, Caption, Describe, Detect, Generate, Ground, Options, Refer, Task

if TYPE_CHECKING:
    import sys

    from .bulk import MapOptions
    from .flow import Outcome
    from .queries import Unpack
    from .transport import Listener

    if sys.version_info >= (3, 11):
        from typing import Self
    else:
        from typing_extensions import Self

T = TypeVar("T")

Opener = Callable[["Listener"], Opened]


class Heard:
    """Hands what the transport's thread tells over to an event loop."""

    def __init__(self, told: Callable[[Event], object], ended: Callable[[Response], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._told = told
        self._ended = ended

    def told(self, event: Event) -> None:
        self._post(self._told, event)

    def ended(self, response: Response) -> None:
        self._post(self._ended, response)

    def _post(self, hear: Callable[[Any], object], what: Any) -> None:
        # A loop that is closed has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(hear, what)


class AsyncStream(Generic[T]):
    """What a streaming call tells, one after the other, for one reader. Leaving its `async with` block, `close`, or
    forgetting it cancels the call."""

    def __init__(self, reading: Reading[T], open_: Opener) -> None:
        self._reading = reading
        self._arrived: asyncio.Queue[Event | Response] = asyncio.Queue()
        self._ready: deque[T] = deque()
        self._is_over = False
        self._error: BoxwoodError | None = None
        self._opened = open_(Heard(self._arrived.put_nowait, self._arrived.put_nowait))

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        """:raises BoxwoodError: the one that the call ended with."""
        while not self._ready:
            if self._error is not None:
                raise self._error
            if self._is_over:
                raise StopAsyncIteration
            self._take(await self._arrived.get())
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_opened"):
            self.close()


class AsyncEntityStream(AsyncStream[EntityEvent]):
    """A task's entities as they are found, and its result at the end."""

    def __init__(self, open_: Opener) -> None:
        self._entities = EntityReading()
        super().__init__(self._entities, open_)

    async def result(self) -> Result:
        """Waits for the end, past what has not been read, and gives the whole result.

        :raises BoxwoodError: the one that the call ended with, CANCELLED after `close`.
        """
        async for _ in self:
            pass
        if self._entities.result is None:
            raise error_of(Status.of(Code.CANCELLED, "the stream was closed before its end"))
        return self._entities.result


class AsyncClient(BaseClient):
    """Asks a Boxwood service. Cancelling the task that waits for a call, by `asyncio.timeout` for one, cancels the call, at the
    service too. What it is told when it is made: `BaseClient`."""

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the open calls with CANCELLED and lets go of the connection."""
        await asyncio.to_thread(self._shut)

    # The tasks. Each is what `Client` has under the same name.

    async def caption(
        self,
        image: Picture,
        *,
        detailed: bool = False,
        grounded: bool = True,
        options: Options | None = None,
        **call: Unpack[CallOptions],
    ) -> Result:
        return await self.run(Caption(detailed, grounded, options or Options()), image, **call)

    async def detect(
        self,
        image: Picture,
        labels: Sequence[str],
        *,
        threshold: float | None = None,
        tiles: str | None = None,
        options: Options | None = None,
        **call: Unpack[CallOptions],
    ) -> Result:
        task = Detect(labels, Options.of(options, threshold=threshold, tiles=tiles))
        return await self.run(task, image, **call)

    async def ground(
        self,
        image: Picture,
        sentence: str,
        phrases: Sequence[str | Span] | None = None,
        *,
        threshold: float | None = None,
        options: Options | None = None,
        **call: Unpack[CallOptions],
    ) -> Result:
        return await self.run(Ground(sentence, phrases, Options.of(options, threshold=threshold)), image, **call)

    async def align(
        self,
        image: Picture,
        caption: str,
        *,
        threshold: float | None = None,
        options: Options | None = None,
        **call: Unpack[CallOptions],
    ) -> Result:
        return await self.run(Align(caption, Options.of(options, threshold=threshold)), image, **call)

    async def refer(
        self, image: Picture, expression: str, *, options: Options | None = None, **call: Unpack[CallOptions]
    ) -> Result:
        return await self.run(Refer(expression, options or Options()), image, **call)

    async def describe(
        self, image: Picture, box: Box | Sequence[float], *, options: Options | None = None, **call: Unpack[CallOptions]
    ) -> Result:
        return await self.run(Describe(box, options or Options()), image, **call)

    async def ask(
        self,
        image: Picture,
        question: str,
        *,
        grounded: bool = True,
        options: Options | None = None,
        **call: Unpack[CallOptions],
    ) -> Result:
        return await self.run(Ask(question, grounded, options or Options()), image, **call)

    async def generate(self, image: Picture, prompt: str, *, options: Options | None = None, **call: Unpack[CallOptions]) -> Result:
        return await self.run(Generate(prompt, options or Options()), image, **call)

    # Tasks as values.

    async def run(self, task: Task, image: Picture, **call: Unpack[CallOptions]) -> Result:
        """Does a task.

        :raises BoxwoodError: the one that the call ended with.
        """
        # Reading a file, or packing an array, would hold up the event loop.
        return await self._ask(await asyncio.to_thread(queries.task, task, image), call)

    def stream(self, task: Task, image: Picture, *, window: int = WINDOW, **call: Unpack[CallOptions]) -> AsyncEntityStream:
        """Does a task and tells of each entity once it is found. To be called in the event loop that reads it.

        :param window: how many events may wait for the reader, 1 to 1024; others wait at the service.
        """
        query = queries.task(task, image, window=window)
        return AsyncEntityStream(lambda it: self._open(query, call, it))

    def map(
        self, items: Iterable[Any] | AsyncIterable[Any], task: Task | None = None, **how: Unpack[MapOptions]
    ) -> AsyncIterator[Outcome]:
        """Does a task on each of many pictures: `Client.map`, of items that may come from an asynchronous source, too."""
        from .aiobulk import run

        return run(self._open, items, task, how)

    # The service.

    async def health(self, service: str = GROUNDING, **call: Unpack[CallOptions]) -> Health:
        return await self._ask(queries.health(service), call)

    def watch_health(self, service: str = GROUNDING, *, timeout: float | None = None) -> AsyncStream[Health]:
        query = queries.watch(service, timeout)
        return AsyncStream(HealthReading(), lambda it: self._open(query, {}, it))

    async def wait_until_ready(self, timeout: float = 60.0) -> None:
        deadline = time.monotonic() + timeout
        while True:
            try:
                async with self.watch_health(timeout=max(0.0, deadline - time.monotonic())) as states:
                    async for state in states:
                        if state:
                            return
            except Unavailable:
                if time.monotonic() >= deadline:
                    raise
            await asyncio.sleep(0.05)

    async def status(self, **call: Unpack[CallOptions]) -> ServiceStatus:
        return await self._ask(queries.status(), call)

    async def discover(self, **call: Unpack[CallOptions]) -> dict[str, Any]:
        return await self._ask(queries.discovery(), call)

    async def call(
        self, method: str, body: Mapping[str, Any], image: Picture | None = None, **call: Unpack[CallOptions]
    ) -> dict[str, Any]:
        return await self._ask(await asyncio.to_thread(queries.raw, method, body, image), call)

    @property
    def jobs(self) -> AsyncJobs:
        """Tasks that outlive this process, for a service with a journal."""
        return AsyncJobs(self)

    async def _ask(self, query: Query[T], call: CallOptions) -> T:
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def ended(response: Response) -> None:
            if not future.done():
                future.set_result(response)

        opened = self._open(query, call, Heard(lambda _: None, ended))
        try:
            return query.outcome(await future)
        finally:
            # Nothing happens to a call that has ended.
            opened.cancel()


class AsyncJobs:
    """Durable jobs: `boxwood.Jobs` for asyncio."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def submit(
        self,
        task: Task,
        image: Picture,
        *,
        timeout: float | None = None,
        **job: Unpack[SubmitOptions],
    ) -> Job:
        query = await asyncio.to_thread(queries.submit, task, image, job)
        return await self._client._ask(query, {"timeout": timeout})

    async def get(self, job: str | Job) -> Job:
        return await self._client._ask(queries.job("Get", job_id(job)), {})

    async def wait(self, job: str | Job, timeout: float | None = None) -> Job:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            found = await self._client._ask(queries.job("Wait", job_id(job), turn(deadline)), {})
            if found.is_settled:
                return found

    async def cancel(self, job: str | Job) -> Job:
        return await self._client._ask(queries.job("Cancel", job_id(job)), {})

    async def list(self, **filters: Unpack[ListOptions]) -> AsyncIterator[Job]:
        page = ""
        while True:
            found = await self._client._ask(queries.job_page(filters, page), {})
            for job in found.jobs:
                yield job
            page = found.next_page
            if not page:
                return
