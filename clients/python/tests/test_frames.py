# SPDX-License-Identifier: MIT
from __future__ import annotations

import json

import pytest

from boxwood.errors import InternalError
from boxwood.frames import Cancel, Event, Grant, Malformed, Request, Response, decode_body, encode, parse
from boxwood.status import Code


def test_a_request_says_only_what_is_not_the_default() -> None:
    version, kind, header, body = Request("7", "/a/b", b"{}").frames()
    assert (version, kind, body) == (b"BXW1", b"REQUEST", b"{}")
    assert json.loads(header) == {"id": "7", "method": "/a/b"}


def test_a_request_says_everything_that_it_was_given() -> None:
    request = Request(
        "7",
        "/a/b",
        image=b"picture",
        timeout_ms=0,
        metadata={"k": "v"},
        idempotency_key="key",
        traceparent="00-trace",
        previous_attempts=2,
        is_batch=True,
        pixels=6,
        event_window=3,
    )
    frames = request.frames()
    assert frames[4] == b"picture"
    assert json.loads(frames[2]) == {
        "id": "7",
        "method": "/a/b",
        "timeout_ms": 0,
        "metadata": {"k": "v"},
        "idempotency_key": "key",
        "traceparent": "00-trace",
        "previous_attempts": 2,
        "priority": "BATCH",
        "pixels": 6,
        "event_window": 3,
    }


def test_cancel_and_grant_name_their_call() -> None:
    assert [json.loads(each) for each in Cancel("7").frames()[2:]] == [{"id": "7"}]
    assert [json.loads(each) for each in Grant("7", 5).frames()[2:]] == [{"id": "7", "events": 5}]


def test_text_travels_as_utf8() -> None:
    assert encode({"labels": ["ein Bär 🐻"]}) == '{"labels":["ein Bär 🐻"]}'.encode()


def test_a_number_that_is_none_is_not_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode({"threshold": float("nan")})


def test_a_response_is_read() -> None:
    header = {
        "id": "7",
        "attempts": 2,
        "status": {
            "code": "RESOURCE_EXHAUSTED",
            "message": "full",
            "details": [
                {"retry_info": {"retry_delay_ms": 250}},
                {"error_info": {"reason": "QUEUE_FULL", "domain": "boxwood", "metadata": {"a": "b"}}},
                {"bad_request": {"field_violations": [{"field": "labels[0]", "description": "is empty"}]}},
                {"of_a_later_version": {}},
            ],
        },
    }
    response = parse([b"BXW1", b"RESPONSE", json.dumps(header).encode(), b""])
    assert isinstance(response, Response)
    assert (response.id, response.attempts, response.status.code) == ("7", 2, Code.RESOURCE_EXHAUSTED)
    details = response.status.details
    assert (details.retry_delay_ms, details.reason, dict(details.metadata)) == (250, "QUEUE_FULL", {"a": "b"})
    assert [(it.field, it.description) for it in details.violations] == [("labels[0]", "is empty")]


def test_what_may_be_left_out_of_a_response_may_be_left_out() -> None:
    assert parse([b"BXW1", b"RESPONSE", b'{"status":{"code":"OK"}}', b""]) == Response("", parse_ok().status)


def parse_ok() -> Response:
    response = parse([b"BXW1", b"RESPONSE", b'{"id":"1","status":{"code":"OK"}}', b""])
    assert isinstance(response, Response)
    return response


def test_an_event_is_read() -> None:
    assert parse([b"BXW1", b"EVENT", b'{"id":"7"}', b"body"]) == Event("7", 0, b"body")
    assert parse([b"BXW1", b"EVENT", b'{"id":"7","sequence":3}', b""]) == Event("7", 3, b"")


@pytest.mark.parametrize(
    ("frames", "reason", "call"),
    [
        ([], "MALFORMED_FRAMES", ""),
        ([b"BXW1"], "MALFORMED_FRAMES", ""),
        ([b"BXW2", b"RESPONSE", b"{}", b""], "MALFORMED_FRAMES", ""),
        ([b"BXW1", b"SHOUT", b"{}", b""], "UNKNOWN_KIND", ""),
        ([b"BXW1", b"RESPONSE"], "MALFORMED_FRAMES", ""),
        ([b"BXW1", b"RESPONSE", b'{"id":"7"}'], "MALFORMED_FRAMES", "7"),
        ([b"BXW1", b"RESPONSE", b'{"id":"7"}', b"", b""], "MALFORMED_FRAMES", "7"),
        ([b"BXW1", b"RESPONSE", b"\x0a\x017", b""], "MALFORMED_HEADER", ""),
        ([b"BXW1", b"RESPONSE", b"[1]", b""], "MALFORMED_HEADER", ""),
        ([b"BXW1", b"RESPONSE", b'{"id":"7"', b""], "MALFORMED_HEADER", ""),
        ([b"BXW1", b"RESPONSE", b'{"id":7,"status":{}}', b""], "MALFORMED_HEADER", ""),
        ([b"BXW1", b"RESPONSE", b'{"id":"7"}', b""], "MALFORMED_HEADER", "7"),
        ([b"BXW1", b"RESPONSE", b'{"id":"7","status":[]}', b""], "MALFORMED_HEADER", "7"),
        ([b"BXW1", b"RESPONSE", b'{"id":"7","status":{"details":3}}', b""], "MALFORMED_HEADER", "7"),
        (
            [b"BXW1", b"RESPONSE", b'{"id":"7","status":{"details":[{"retry_info":{"retry_delay_ms":"x"}}]}}', b""],
            "MALFORMED_HEADER",
            "7",
        ),
        ([b"BXW1", b"EVENT", b'{"id":"7","sequence":"x"}', b""], "MALFORMED_HEADER", "7"),
        ([b"BXW1", b"EVENT", b'{"id":"7","sequence":1e999}', b""], "MALFORMED_HEADER", "7"),
        ([b"BXW1", b"RESPONSE", b"[" * 100_000, b""], "MALFORMED_HEADER", ""),
    ],
)
def test_what_is_no_message_is_told_apart(frames: list[bytes], reason: str, call: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(frames)
    assert (caught.value.status.code, caught.value.status.reason, caught.value.id) == (Code.INTERNAL, reason, call)


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"null"])
def test_a_body_that_is_no_object_is_an_internal_error(body: bytes) -> None:
    with pytest.raises(InternalError) as caught:
        decode_body(body)
    assert caught.value.reason == "MALFORMED_BODY"


def test_an_empty_body_is_the_empty_message() -> None:
    assert decode_body(b"") == {}


@pytest.mark.parametrize(("value", "code"), [("OK", Code.OK), (14, Code.UNAVAILABLE), ("NEW", Code.UNKNOWN), (99, Code.UNKNOWN)])
def test_codes_are_read_by_name_and_by_number(value: object, code: Code) -> None:
    assert Code.parse(value) is code
