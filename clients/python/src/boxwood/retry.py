# SPDX-License-Identifier: MIT
"""When a call that was refused is sent again, within its deadline: gRPC's rules, as `protocol/README.md` has them."""

from __future__ import annotations

from dataclasses import dataclass

from .status import Code, Status


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and after which pauses."""

    attempts: int = 3
    """The first one included; 1 switches retries off. With several brokers, each one more is worth one attempt more."""
    first_pause: float = 0.1
    """Seconds, drawn from 0 up to this; each further pause up to twice as much."""
    longest_pause: float = 2.0
    tokens: float = 10.0
    """A failure takes one; with half of them gone nothing is tried again."""
    token_ratio: float = 0.1
    """What a success gives back."""

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.first_pause < 0 or self.longest_pause < 0 or self.tokens < 0:
            raise ValueError("a retry policy has at least 1 attempt, and nothing in it is negative")

    @classmethod
    def never(cls) -> RetryPolicy:
        return cls(attempts=1)

    def pause(self, status: Status, attempt: int, brokers: int, remaining: float, jitter: float) -> float | None:
        """How long to wait before the next attempt; `None` to give up.

        The broker's own delay goes before ours. Not asked again are a broker that was not there for the whole connect timeout,
        one that had no worker for all of its own patience unless there are others, and one that has too little time for the
        call: it will not have more.

        :param attempt: 1 after the first one.
        :param remaining: seconds that are left of the call's time.
        :param jitter: 0 to 1, drawn anew each time, so that many clients do not come back at once.
        """
        most = self.attempts + brokers - 1 if self.attempts > 1 else 1
        if not status.is_retryable or attempt >= most or status.reason in ("NO_BROKER", "NO_TIME"):
            return None
        if status.reason == "NO_WORKER" and brokers == 1:
            return None
        pause = jitter * min(self.first_pause * 2.0 ** min(attempt - 1, 20), self.longest_pause)
        delay = status.details.retry_delay_ms
        # Another broker need not be given the time that this one asked for.
        if delay is not None and not (brokers > 1 and status.wants_another_broker):
            pause = delay / 1000
        return pause if pause < remaining else None


class Throttle:
    """Keeps the clients of a service in trouble from asking it ever more: the tokens of gRPC's retry throttling."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._limit = policy.tokens
        self._ratio = policy.token_ratio
        self.tokens = policy.tokens

    @property
    def is_open(self) -> bool:
        return self.tokens > self._limit / 2

    def succeeded(self) -> None:
        self.tokens = min(self._limit, self.tokens + self._ratio)

    def failed(self, status: Status, brokers: int) -> None:
        # It spares a broker in trouble. Where there are others, all calls at a lost one move on at once.
        if status.is_retryable and (brokers == 1 or status.code is not Code.UNAVAILABLE):
            self.tokens = max(0.0, self.tokens - 1)
