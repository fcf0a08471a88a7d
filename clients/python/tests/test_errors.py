# SPDX-License-Identifier: MIT
from __future__ import annotations

import copy
import pickle

import pytest

import boxwood
from boxwood import BoxwoodError, Code, Details, Status, Violation
from boxwood.errors import error_of, invalid


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK])
def test_every_code_has_an_error_of_its_own(code: Code) -> None:
    error = error_of(Status(code, "words"))
    assert type(error) is not BoxwoodError
    assert (error.code, error.message, str(error)) == (code, "words", f"{code.name}: words")
    others = [type(error_of(Status(other))) for other in Code if other not in (Code.OK, code)]
    assert not isinstance(error, tuple(others))


@pytest.mark.parametrize(
    ("code", "delay", "is_retryable"),
    [
        (Code.UNAVAILABLE, None, True),
        (Code.RESOURCE_EXHAUSTED, 10, True),
        (Code.RESOURCE_EXHAUSTED, None, False),
        (Code.DEADLINE_EXCEEDED, None, False),
        (Code.INVALID_ARGUMENT, 10, False),
    ],
)
def test_what_may_end_otherwise_is_retryable(code: Code, delay: int | None, is_retryable: bool) -> None:
    error = error_of(Status(code, "", Details(retry_delay_ms=delay)))
    assert error.retryable is is_retryable
    assert error.retry_after == (None if delay is None else 0.01)


@pytest.mark.parametrize("again", [lambda it: pickle.loads(pickle.dumps(it)), copy.deepcopy])
def test_errors_travel_between_processes(again: object) -> None:
    details = Details((Violation("labels[0]", "is empty"),), 5, "REASON", {"limit_bytes": "3"})
    error = error_of(Status(Code.INVALID_ARGUMENT, "words", details))
    other = again(error)  # type: ignore[operator]
    assert type(other) is boxwood.InvalidArgument
    assert other.status == error.status
    assert str(other) == str(error)


def test_statuses_can_be_members_of_sets() -> None:
    one = Status(Code.INTERNAL, "", Details(metadata={"a": "b"}))
    assert len({one, Status(Code.INTERNAL, "", Details(metadata={"a": "b"}))}) == 1


def test_what_the_caller_handed_over_is_named() -> None:
    error = invalid("image", "is empty", "PICTURE")
    assert (error.reason, error.violations) == ("PICTURE", (Violation("image", "is empty"),))
