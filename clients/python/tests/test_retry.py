# SPDX-License-Identifier: MIT
from __future__ import annotations

import pytest

from boxwood import Code, Details, RetryPolicy, Status
from boxwood.retry import Throttle

GONE = Status(Code.UNAVAILABLE)


def pause(status: Status = GONE, attempt: int = 1, brokers: int = 1, remaining: float = 100, jitter: float = 1) -> float | None:
    return RetryPolicy(attempts=40).pause(status, attempt, brokers, remaining, jitter)


def test_pauses_double_up_to_the_longest() -> None:
    assert [pause(attempt=attempt) for attempt in (1, 2, 3, 5, 6, 30)] == pytest.approx([0.1, 0.2, 0.4, 1.6, 2.0, 2.0])


def test_jitter_takes_all_of_a_pause_or_nothing() -> None:
    assert (pause(jitter=0), pause(jitter=0.5)) == (0, 0.05)


def test_no_pause_reaches_past_the_deadline() -> None:
    assert pause(remaining=0.1) is None
    assert pause(remaining=0.11) == pytest.approx(0.1)


def test_more_brokers_are_worth_more_attempts() -> None:
    policy = RetryPolicy(attempts=2)
    assert policy.pause(GONE, 2, 1, 100, 0) is None
    assert policy.pause(GONE, 2, 2, 100, 0) == 0
    assert RetryPolicy.never().pause(GONE, 1, 5, 100, 0) is None


@pytest.mark.parametrize("reason", ["DRAINING", "NO_WORKER"])
def test_another_broker_need_not_wait(reason: str) -> None:
    status = Status(Code.UNAVAILABLE, "", Details(reason=reason, retry_delay_ms=9000))
    assert pause(status, brokers=2, jitter=0) == 0
    assert pause(status) == (9 if reason == "DRAINING" else None)


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"first_pause": -1}, {"longest_pause": -1}, {"tokens": -1}])
def test_what_is_no_policy_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="attempt"):
        RetryPolicy(**wrong)


def test_tokens_go_and_come_back() -> None:
    throttle = Throttle(RetryPolicy(tokens=10, token_ratio=0.5))
    for _ in range(4):
        throttle.failed(GONE, 1)
    assert throttle.is_open
    throttle.failed(GONE, 1)
    assert (throttle.tokens, throttle.is_open) == (5, False)
    throttle.succeeded()
    assert throttle.is_open
    for _ in range(50):
        throttle.succeeded()
    assert throttle.tokens == 10
    for _ in range(50):
        throttle.failed(GONE, 1)
    assert throttle.tokens == 0


def test_only_what_is_tried_again_costs_tokens_and_not_where_there_are_others() -> None:
    throttle = Throttle(RetryPolicy())
    throttle.failed(Status(Code.INVALID_ARGUMENT), 1)
    throttle.failed(GONE, 2)
    assert throttle.tokens == 10
    throttle.failed(Status(Code.RESOURCE_EXHAUSTED, "", Details(retry_delay_ms=1)), 2)
    assert throttle.tokens == 9
