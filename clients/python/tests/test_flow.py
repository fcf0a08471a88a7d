# SPDX-License-Identifier: MIT
"""How many, which again, which next: without a clock."""

from __future__ import annotations

import pytest

from boxwood import Code, Details, Outcome, Status
from boxwood.errors import error_of
from boxwood.flow import Flow

BUSY = error_of(Status(Code.UNAVAILABLE))
BROKEN = error_of(Status(Code.INVALID_ARGUMENT))


def flow(in_flight: int = 2, max_bytes: int = 100, ordered: bool = False, patience: float = 10) -> Flow:
    return Flow(in_flight=in_flight, max_bytes=max_bytes, ordered=ordered, patience=patience)


def indices(it: Flow) -> list[int]:
    return [outcome.index for outcome in it.ready()]


def done(index: int, error: object = None) -> Outcome:
    return Outcome(str(index), index, error=error)  # type: ignore[arg-type]


def test_no_more_than_so_many_are_worked_on() -> None:
    it = flow(in_flight=2)
    it.started(0, 1, 0)
    assert it.has_room(1)
    it.started(1, 1, 0)
    assert not it.has_room(2)
    assert it.ended(done(0), 0)
    assert it.has_room(2)


def test_no_more_than_so_many_bytes_are_worked_on() -> None:
    it = flow(max_bytes=100)
    # One alone may have more.
    assert it.fits(1000)
    it.started(0, 60, 0)
    assert it.fits(40)
    assert not it.fits(41)
    it.ended(done(0), 0)
    assert it.fits(1000)


def test_outcomes_come_as_they_come() -> None:
    it = flow()
    it.started(0, 1, 0)
    it.started(1, 1, 0)
    it.ended(done(1), 0)
    assert indices(it) == [1]
    it.ended(done(0), 0)
    assert indices(it) == [0]
    assert indices(it) == []
    assert it.is_idle


def test_or_in_order_with_few_that_wait() -> None:
    it = flow(in_flight=2, ordered=True)
    it.started(0, 1, 0)
    for index in range(1, 8):
        assert it.has_room(index)
        it.started(index, 1, 0)
        it.ended(done(index), 0)
        assert indices(it) == []
    # Eight are ahead of the one that takes its time, with itself.
    assert not it.has_room(8)
    it.ended(done(0), 0)
    assert indices(it) == list(range(8))
    assert it.has_room(8)


def test_what_never_started_has_an_outcome_too() -> None:
    it = flow()
    assert it.ended(done(0, BROKEN), 0)
    assert indices(it) == [0]
    assert it.is_idle


def test_what_may_end_otherwise_is_tried_again_after_growing_pauses() -> None:
    it = flow(patience=1.8)
    it.started(0, 1, 0)
    assert not it.ended(done(0, BUSY), 0)
    assert not it.is_idle
    assert it.next_due == 0.25
    assert it.due(0.2) == []
    assert it.due(0.25) == [0]
    assert not it.ended(done(0, BUSY), 0.5)
    assert it.next_due == 1.0
    assert it.due(1) == [0]
    # The next pause would end after its patience.
    assert it.ended(done(0, BUSY), 1)
    assert [outcome.error for outcome in it.ready()] == [BUSY]


def test_the_service_says_when() -> None:
    it = flow()
    it.started(0, 1, 0)
    full = error_of(Status(Code.RESOURCE_EXHAUSTED, "", Details(retry_delay_ms=3000)))
    assert not it.ended(done(0, full), 0)
    assert it.next_due == 3


def test_what_would_end_no_otherwise_is_not_tried_again() -> None:
    it = flow()
    it.started(0, 1, 0)
    assert it.ended(done(0, BROKEN), 0)


@pytest.mark.parametrize("wrong", [{"in_flight": 0}, {"in_flight": 1025}, {"max_bytes": 0}, {"patience": -1}])
def test_what_no_run_can_have_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        flow(**wrong)  # type: ignore[arg-type]
