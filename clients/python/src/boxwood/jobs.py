# SPDX-License-Identifier: MIT
"""Jobs that outlive every process: for a service with a journal."""

from __future__ import annotations

import enum
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, TypedDict

from .errors import BoxwoodError, error_of
from .results import Result
from .status import Code, Status
from .tasks import Task


class JobState(enum.Enum):
    """What has become of a job so far."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    QUARANTINED = "QUARANTINED"
    """Workers were lost over it; its request is kept to be looked at."""
    UNKNOWN = "UNSPECIFIED"
    """A state that this client is too old for."""

    @property
    def is_settled(self) -> bool:
        """Whether the job will never change, and never run, again."""
        return self not in (JobState.QUEUED, JobState.RUNNING, JobState.UNKNOWN)


class SubmitOptions(TypedDict, total=False):
    """What a job can be told, by keyword."""

    key: str
    """Again under the same key is the same job; random unless given, so that what is sent twice is taken once."""
    custom_id: str
    """The caller's own name for it; need not be unique."""
    client: str
    """Who submits, in the caller's own words."""
    metadata: Mapping[str, str]
    time_to_live: int
    """Seconds; a job that is not settled by then fails. A day unless given."""


class ListOptions(TypedDict, total=False):
    """Which jobs to list, by keyword."""

    states: Sequence[JobState]
    client: str
    since: datetime
    """Submitted then or later."""
    before: datetime
    custom_id_prefix: str
    page_size: int
    """1 to 500."""


@dataclass(frozen=True)
class Job:
    """A task that the service keeps until it is settled, and its result for a while."""

    id: str
    state: JobState
    method: str
    """The path of the task's method."""
    key: str
    custom_id: str
    client: str
    metadata: Mapping[str, str]
    submitted: datetime
    """By the broker's clock, as the two that follow."""
    deadline: datetime
    settled: datetime | None
    attempts: int
    """How many times it was given to a worker."""
    interruptions: int
    """How many times the broker ended while it ran."""
    error: BoxwoodError | None
    """Why it did not succeed; `None` until it is settled, and for one that did."""
    result: Result | None
    """Of a job that succeeded; not in lists."""
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def is_settled(self) -> bool:
        return self.state.is_settled

    def unwrap(self) -> Result:
        """The result.

        :raises BoxwoodError: the one that the job ended with.
        :raises ValueError: for a job that is not settled, or that comes from a list.
        """
        if self.error is not None:
            raise self.error
        if self.result is None:
            raise ValueError(f"job {self.id} is {self.state.name}, and its result is not here: ask for it with get or wait")
        return self.result

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Job:
        """:raises InternalError: for what is no job."""
        try:
            status = raw.get("status")
            return cls(
                id=raw["id"],
                state=JobState(raw["state"]) if raw.get("state") in JobState.__members__ else JobState.UNKNOWN,
                method=raw.get("method", ""),
                key=raw.get("key", ""),
                custom_id=raw.get("custom_id", ""),
                client=raw.get("client", ""),
                metadata=dict(raw.get("metadata", {})),
                submitted=_time(raw.get("submitted_ms", 0)),
                deadline=_time(raw.get("deadline_ms", 0)),
                settled=_time(raw["settled_ms"]) if "settled_ms" in raw else None,
                attempts=int(raw.get("attempts", 0)),
                interruptions=int(raw.get("interruptions", 0)),
                error=_error(Status.parse(status)) if status else None,
                result=Result.parse(raw["result"]) if "result" in raw else None,
                raw=raw,
            )
        except (KeyError, TypeError, ValueError) as error:
            status = Status.of(Code.INTERNAL, f"the answer is not the JSON of a job: {error!r}", "MALFORMED_BODY")
            raise error_of(status) from None


@dataclass(frozen=True)
class Page:
    """Some jobs of a list, the oldest first."""

    jobs: tuple[Job, ...]
    next_page: str
    """Empty for the last."""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Page:
        return cls(tuple(Job.parse(job) for job in raw.get("jobs", ())), raw.get("next_page", ""))


def submission(task: Task, options: SubmitOptions) -> dict[str, Any]:
    """The SubmitJobRequest of the protocol."""
    message: dict[str, Any] = {
        task.name: task.message(),
        "key": options.get("key") or f"auto-{secrets.token_urlsafe(16)}",
    }
    for name in ("custom_id", "client", "metadata"):
        if value := options.get(name):
            message[name] = value
    if "time_to_live" in options:
        message["time_to_live_s"] = options["time_to_live"]
    return message


def listing(options: ListOptions, page: str) -> dict[str, Any]:
    """The ListJobsRequest of the protocol."""
    message: dict[str, Any] = {}
    if states := options.get("states"):
        message["states"] = [state.value for state in states]
    for name in ("client", "custom_id_prefix", "page_size"):
        if (value := options.get(name)) is not None:
            message[name] = value
    for name, field_name in (("since", "submitted_from_ms"), ("before", "submitted_before_ms")):
        moment = options.get(name)
        if isinstance(moment, datetime):
            message[field_name] = moment.timestamp() * 1000
    return {**message, "page": page} if page else message


_TURN = 600.0
"""Seconds for which a job is waited for in one call."""


def turn(deadline: float | None) -> float:
    """How long to wait for a job in the next call.

    :param deadline: of all of them, by the monotonic clock; `None`: there is none.
    :raises DeadlineExceeded: when no time is left.
    """
    left = _TURN if deadline is None else deadline - time.monotonic()
    if left <= 0:
        raise error_of(Status.of(Code.DEADLINE_EXCEEDED, "the job is not settled yet"))
    return min(left, _TURN)


def job_id(job: str | Job) -> str:
    return job.id if isinstance(job, Job) else job


def _time(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc)


def _error(status: Status) -> BoxwoodError | None:
    return None if status.is_ok else error_of(status)
