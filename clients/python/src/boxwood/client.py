# SPDX-License-Identifier: MIT
"""The client that waits."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from . import queries
from .base import BaseClient
from .errors import Unavailable
from .jobs import Job, ListOptions, SubmitOptions, job_id, turn
from .markup import Span
from .pictures import Picture
from .queries import WINDOW, CallOptions, Query
from .reading import HealthReading
from .results import Box, Result
from .service import GROUNDING, Health, ServiceStatus
from .tasks import Align, Ask, Caption, Describe, Detect, Generate, Ground, Options, Refer, Task
from .waiting import EntityStream, Pending, Stream, ask

if TYPE_CHECKING:
    from .bulk import Items, MapOptions
    from .flow import Outcome
    from .queries import Unpack

T = TypeVar("T")


class Client(BaseClient):
    """Asks a Boxwood service and waits for its answers. Safe to use from any number of threads. What it is told when it is made:
    `BaseClient`."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the open calls with CANCELLED and lets go of the connection."""
        self._shut()

    # The tasks.

    def caption(
        self,
        image: Picture,
        *,
        detailed: bool = False,
        grounded: bool = True,
        options: Options | None = None,
        **call: Unpack[CallOptions],
    ) -> Result:
        """Says what is in the picture; `grounded` with phrases and boxes."""
        return self.run(Caption(detailed, grounded, options or Options()), image, **call)

    def detect(
        self,
        image: Picture,
        labels: Sequence[str],
        *,
        threshold: float | None = None,
        tiles: str | None = None,
        options: Options | None = None,
        **call: Unpack[CallOptions],
    ) -> Result:
        """Finds every instance of each label.

        :param threshold: the least score of a box, 0.6 unless given; a lower one finds more, and takes longer.
        :param tiles: looks at overlapping tiles, too, for what is small: `2x2`, `2x2+3x3` or `auto`.
        """
        return self.run(Detect(labels, Options.of(options, threshold=threshold, tiles=tiles)), image, **call)

    def ground(
        self,
        image: Picture,
        sentence: str,
        phrases: Sequence[str | Span] | None = None,
        *,
        threshold: float | None = None,
        options: Options | None = None,
        **call: Unpack[CallOptions],
    ) -> Result:
        """Finds the phrases of a sentence, marked as in `a man and <phrase>his dog</phrase>` or given as `phrases`."""
        return self.run(Ground(sentence, phrases, Options.of(options, threshold=threshold)), image, **call)

    def align(
        self,
        image: Picture,
        caption: str,
        *,
        threshold: float | None = None,
        options: Options | None = None,
        **call: Unpack[CallOptions],
    ) -> Result:
        """Finds what a caption speaks of; the model chooses the phrases."""
        return self.run(Align(caption, Options.of(options, threshold=threshold)), image, **call)

    def refer(self, image: Picture, expression: str, *, options: Options | None = None, **call: Unpack[CallOptions]) -> Result:
        """Finds the one thing that an expression means."""
        return self.run(Refer(expression, options or Options()), image, **call)

    def describe(
        self, image: Picture, box: Box | Sequence[float], *, options: Options | None = None, **call: Unpack[CallOptions]
    ) -> Result:
        """Says what is in a part of the picture: a box of a result, or `xmin, ymin, xmax, ymax` as fractions."""
        return self.run(Describe(box, options or Options()), image, **call)

    def ask(
        self,
        image: Picture,
        question: str,
        *,
        grounded: bool = True,
        options: Options | None = None,
        **call: Unpack[CallOptions],
    ) -> Result:
        """Answers a question; `grounded` with phrases and boxes."""
        return self.run(Ask(question, grounded, options or Options()), image, **call)

    def generate(self, image: Picture, prompt: str, *, options: Options | None = None, **call: Unpack[CallOptions]) -> Result:
        """Continues a raw prompt, in which tags count."""
        return self.run(Generate(prompt, options or Options()), image, **call)

    # Tasks as values.

    def run(self, task: Task, image: Picture, **call: Unpack[CallOptions]) -> Result:
        """Does a task and waits for its result. Ctrl-C cancels it, at the service too.

        :raises BoxwoodError: the one that the call ended with.
        """
        return self._ask(queries.task(task, image), call)

    def begin(self, task: Task, image: Picture, **call: Unpack[CallOptions]) -> Pending[Result]:
        """Begins a task, to be waited for later."""
        return Pending(queries.task(task, image), lambda query, it: self._open(query, call, it))

    def stream(self, task: Task, image: Picture, *, window: int = WINDOW, **call: Unpack[CallOptions]) -> EntityStream:
        """Does a task and tells of each entity once it is found.

        :param window: how many events may wait for the reader, 1 to 1024; others wait at the service.
        """
        query = queries.task(task, image, window=window)
        return EntityStream(lambda it: self._open(query, call, it))

    def map(self, items: Items, task: Task | None = None, **how: Unpack[MapOptions]) -> Iterator[Outcome]:
        """Does a task on each of many pictures, `in_flight` of them at a time. Gives an `Outcome` for each, with its result or its
        error: a bad picture never ends the run.

        :param items: pictures, `(key, picture)` pairs, or `Item`s; taken as they are needed.
        :param task: for the items that name none.
        """
        from .bulk import run

        return run(self._open, items, task, how)

    # The service.

    def health(self, service: str = GROUNDING, **call: Unpack[CallOptions]) -> Health:
        """Whether a worker can take a call, or, of the service `""`, whether the broker does."""
        return self._ask(queries.health(service), call)

    def watch_health(self, service: str = GROUNDING, *, timeout: float | None = None) -> Stream[Health]:
        """The state now and on every change, until the time is over, which raises `DeadlineExceeded`."""
        query = queries.watch(service, timeout)
        return Stream(HealthReading(), lambda it: self._open(query, {}, it))

    def wait_until_ready(self, timeout: float = 60.0) -> None:
        """Returns as soon as a worker can take a call; a service that is not there yet is waited for.

        :raises DeadlineExceeded: when that is not so by then.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                with self.watch_health(timeout=max(0.0, deadline - time.monotonic())) as states:
                    if any(states):
                        return
            except Unavailable:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(0.05)

    def status(self, **call: Unpack[CallOptions]) -> ServiceStatus:
        """Workers, queue and counters."""
        return self._ask(queries.status(), call)

    def discover(self, **call: Unpack[CallOptions]) -> dict[str, Any]:
        """Methods, limits and models: the DiscoveryResponse of the protocol."""
        return self._ask(queries.discovery(), call)

    def call(
        self, method: str, body: Mapping[str, Any], image: Picture | None = None, **call: Unpack[CallOptions]
    ) -> dict[str, Any]:
        """Calls any method of the protocol by its path, with the JSON of its request; gives that of its answer."""
        return self._ask(queries.raw(method, body, image), call)

    @property
    def jobs(self) -> Jobs:
        """Tasks that outlive this process, for a service with a journal."""
        return Jobs(self)

    def _ask(self, query: Query[T], call: CallOptions) -> T:
        return ask(query, lambda it, listener: self._open(it, call, listener))


class Jobs:
    """Durable jobs. Each method raises `FailedPrecondition` where the service has no journal."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def submit(self, task: Task, image: Picture, *, timeout: float | None = None, **job: Unpack[SubmitOptions]) -> Job:
        """Hands a job over; it is on the service's disk when this returns."""
        return self._client._ask(queries.submit(task, image, job), {"timeout": timeout})

    def get(self, job: str | Job) -> Job:
        """:raises NotFound: for a job that nobody knows, or no more."""
        return self._client._ask(queries.job("Get", job_id(job)), {})

    def wait(self, job: str | Job, timeout: float | None = None) -> Job:
        """The job once it is settled; then it may have failed: `Job.unwrap` says.

        :param timeout: seconds; `None` waits for as long as it takes.
        :raises DeadlineExceeded: when it is not settled by then.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            found = self._client._ask(queries.job("Wait", job_id(job), turn(deadline)), {})
            if found.is_settled:
                return found

    def cancel(self, job: str | Job) -> Job:
        """Cancels it unless it is settled; the answer says how it is."""
        return self._client._ask(queries.job("Cancel", job_id(job)), {})

    def list(self, **filters: Unpack[ListOptions]) -> Iterator[Job]:
        """The oldest first, without their results; asks for page after page as they are read."""
        page = ""
        while True:
            found = self._client._ask(queries.job_page(filters, page), {})
            yield from found.jobs
            page = found.next_page
            if not page:
                return
