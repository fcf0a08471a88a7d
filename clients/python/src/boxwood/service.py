# SPDX-License-Identifier: MIT
"""What a broker says of itself and its workers."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GROUNDING = "boxwood.v1.Grounding"
"""The name under which `health` tells whether a worker can take a call; the empty name is the broker itself."""


class Health(enum.Enum):
    """Whether a service takes calls; true where it does."""

    SERVING = "SERVING"
    NOT_SERVING = "NOT_SERVING"
    UNKNOWN = "SERVICE_UNKNOWN"

    def __bool__(self) -> bool:
        return self is Health.SERVING


def health(value: Mapping[str, Any]) -> Health:
    try:
        return Health(value.get("status"))
    except ValueError:
        return Health.UNKNOWN


@dataclass(frozen=True)
class Worker:
    """One of a broker's workers."""

    id: str
    name: str
    state: str
    """`idle`, `busy`, `draining` or `drained`."""
    model: str
    precision: str
    jobs: int
    """Handed over and not answered."""
    credits: int
    """How many it takes at a time."""
    jobs_done: int
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Worker:
        model = raw.get("model", {})
        return cls(
            id=raw.get("worker", ""),
            name=raw.get("name", ""),
            state=raw.get("state", ""),
            model=model.get("name", ""),
            precision=model.get("precision", ""),
            jobs=int(raw.get("jobs", 0)),
            credits=int(raw.get("credits", 0)),
            jobs_done=int(raw.get("jobs_done", 0)),
            raw=raw,
        )


@dataclass(frozen=True)
class ServiceStatus:
    """A broker, its workers and its queue."""

    version: str
    uptime: float
    """Seconds."""
    is_draining: bool
    workers: tuple[Worker, ...]
    waiting: int
    running: int
    backlog: float
    """Seconds of work that waits."""
    counters: Mapping[str, float]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> ServiceStatus:
        queue = raw.get("queue", {})
        return cls(
            version=raw.get("version", ""),
            uptime=float(raw.get("uptime_s", 0)),
            is_draining=bool(raw.get("draining", False)),
            workers=tuple(Worker.parse(worker) for worker in raw.get("workers", ())),
            waiting=int(queue.get("waiting", 0)),
            running=int(queue.get("running", 0)),
            backlog=queue.get("backlog_ms", 0) / 1000,
            counters=dict(raw.get("counters", {})),
            raw=raw,
        )
