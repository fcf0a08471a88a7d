# SPDX-License-Identifier: MIT
"""Everything that can be asked of a service, as values: which method, with what, and what its answer means. The two clients differ
only in how they wait."""

from __future__ import annotations

import dataclasses
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, TypeVar

from . import jobs, service
from .dialogue import Call
from .errors import error_of
from .frames import Response, decode_body, encode
from .limits import BODY_BYTES, EVENT_WINDOW
from .pictures import EncodedPicture, Picture, load, too_large
from .results import Result
from .tasks import Task

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from typing import Unpack as Unpack
    else:
        from typing_extensions import Unpack as Unpack

T = TypeVar("T")

QUESTION_TIMEOUT = 5.0
"""Seconds for what the broker answers by itself: short enough for a person to wait for."""

WINDOW = 64
"""Events that may be on their way, or wait to be read, if the caller does not say."""

Priority = Literal["interactive", "batch"]


class CallOptions(TypedDict, total=False):
    """What any call can be told, by keyword."""

    timeout: float | None
    """Seconds for the whole call with all its attempts; `None` takes the client's."""
    metadata: Mapping[str, str]
    """Handed to the worker; keys of `0-9 a-z _ . -`."""
    priority: Priority
    """`batch` for what nobody waits for: it goes when nothing interactive waits."""
    idempotency_key: str
    """Two calls under one key are the same work, done once. 1 to 64 printable characters that nobody guesses; else random."""
    traceparent: str
    """W3C trace context."""


def check_names(kind: type, options: Mapping[str, Any]) -> None:
    """:raises TypeError: for an option that the kind does not have; nothing else would look at what is given by keyword."""
    unknown = sorted(set(options) - set(kind.__annotations__))
    if unknown:
        raise TypeError(f"there is no option {unknown[0]!r}; those that there are: {', '.join(kind.__annotations__)}")


@dataclass(frozen=True)
class Query(Generic[T]):
    method: str
    body: bytes
    parse: Callable[[Response], T]
    image: EncodedPicture | None = None
    timeout: float | None = None
    """Of this kind of question; `None`: the client's."""
    event_window: int = 0
    is_watch: bool = False

    def __post_init__(self) -> None:
        if len(self.body) > BODY_BYTES:
            raise too_large("request", len(self.body), BODY_BYTES)

    def call(self, now: float, default_timeout: float, options: CallOptions) -> Call:
        given = options.get("timeout")
        timeout = given if given is not None else self.timeout if self.timeout is not None else default_timeout
        return Call(
            method=self.method,
            body=self.body,
            deadline=now + timeout,
            image=self.image.data if self.image else None,
            pixels=self.image.pixels if self.image else 0,
            metadata=options.get("metadata", {}),
            idempotency_key=options.get("idempotency_key") or secrets.token_urlsafe(16),
            traceparent=options.get("traceparent", ""),
            is_batch=options.get("priority") == "batch",
            event_window=self.event_window,
            is_watch=self.is_watch,
        )

    def outcome(self, response: Response) -> T:
        """:raises BoxwoodError: the one that the response's status stands for."""
        if not response.status.is_ok:
            raise error_of(response.status)
        return self.parse(response)


def task(task: Task, picture: Picture, window: int | None = None) -> Query[Result]:
    """
    :param window: how many events may be on their way; `None` for none at all.
    :raises ValueError: for a window that no call can have.
    """
    if window is not None and not 1 <= window <= EVENT_WINDOW:
        raise ValueError(f"a window of 1 to {EVENT_WINDOW} events is needed, not {window}")
    return Query(task.method, task.body(), result, load(picture), event_window=window or 0)


def result(response: Response) -> Result:
    found = Result.parse(decode_body(response.body))
    return dataclasses.replace(found, attempts=max(found.attempts, response.attempts))


def health(name: str) -> Query[service.Health]:
    body = encode({"service": name})
    return Query("/boxwood.v1.Health/Check", body, lambda it: service.health(decode_body(it.body)), timeout=QUESTION_TIMEOUT)


def watch(name: str, timeout: float | None) -> Query[None]:
    return Query("/boxwood.v1.Health/Watch", encode({"service": name}), lambda _: None, timeout=timeout, is_watch=True)


def status() -> Query[service.ServiceStatus]:
    return Query(
        "/boxwood.v1.Admin/Status",
        b"{}",
        lambda it: service.ServiceStatus.parse(decode_body(it.body)),
        timeout=QUESTION_TIMEOUT,
    )


def discovery() -> Query[dict[str, Any]]:
    return Query("/boxwood.v1.Discovery/Describe", b"{}", lambda it: decode_body(it.body), timeout=QUESTION_TIMEOUT)


def raw(method: str, body: Mapping[str, Any], picture: Picture | None) -> Query[dict[str, Any]]:
    image = None if picture is None else load(picture)
    return Query(method, encode(body), lambda it: decode_body(it.body), image)


def submit(task: Task, picture: Picture, options: jobs.SubmitOptions) -> Query[jobs.Job]:
    check_names(jobs.SubmitOptions, options)
    return Query("/boxwood.v1.Jobs/Submit", encode(jobs.submission(task, options)), _job, load(picture))


def job(verb: Literal["Get", "Wait", "Cancel"], job_id: str, timeout: float | None = QUESTION_TIMEOUT) -> Query[jobs.Job]:
    return Query(f"/boxwood.v1.Jobs/{verb}", encode({"id": job_id}), _job, timeout=timeout)


def job_page(filters: jobs.ListOptions, page: str) -> Query[jobs.Page]:
    check_names(jobs.ListOptions, filters)
    body = encode(jobs.listing(filters, page))
    return Query("/boxwood.v1.Jobs/List", body, lambda it: jobs.Page.parse(decode_body(it.body)), timeout=QUESTION_TIMEOUT)


def _job(response: Response) -> jobs.Job:
    return jobs.Job.parse(decode_body(response.body))
