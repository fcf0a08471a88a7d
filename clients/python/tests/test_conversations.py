# SPDX-License-Identifier: MIT
"""The recorded conversations of the protocol: what we would say in a client's place, and what we hear of a broker's answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

import boxwood
from boxwood import queries
from boxwood.brokers import Connection
from boxwood.dialogue import Call, Dialogue, Ended, Told
from boxwood.frames import Cancel, Grant, Malformed, Request, Response, parse
from boxwood.reading import EntityReading
from boxwood.retry import RetryPolicy
from support.samples import conversation


def heard(frames: list[bytes]) -> Any:
    return json.loads(frames[2]), [json.loads(frame) if frame.startswith(b"{") else frame for frame in frames[3:]]


def lines(name: str, way: str) -> list[list[bytes]]:
    return [line["frames"] for line in conversation(name) if line["way"] == way]


def test_a_detection_is_asked_as_recorded() -> None:
    recorded, _, cancel = lines("detect-json", "client>broker")
    task = boxwood.Detect(["red square", "a blue circle"], boxwood.Options(max_new_tokens=16))
    made = Request("7", task.method, task.body(), image=recorded[4], timeout_ms=5000, metadata={"tenant": "demo"}).frames()
    assert made[:2] == recorded[:2]
    assert heard(made) == heard(recorded)
    assert heard(cancel)[0]["id"] == json.loads(Cancel("8").frames()[2])["id"]


def test_a_stream_is_asked_and_granted_as_recorded() -> None:
    recorded, grant = lines("detect-stream-json", "client>broker")
    task = boxwood.Detect(["red disc", "blue square"], boxwood.Options(threshold=0))
    made = Request("9", task.method, task.body(), image=recorded[4], timeout_ms=60_000, event_window=1).frames()
    assert heard(made) == heard(recorded)
    assert heard(Grant("9", 8).frames()) == heard(grant)


def test_a_watch_is_asked_as_recorded() -> None:
    recorded, cancel = lines("health-watch-json", "client>broker")
    query = queries.watch("boxwood.v1.Grounding", 60)
    assert heard(Request("w", query.method, query.body, timeout_ms=60_000).frames()) == heard(recorded)
    assert heard(Cancel("w").frames()) == heard(cancel)


def opened(call_id: str, **more: Any) -> Dialogue:
    """A dialogue whose one call has the id of a recording."""
    it = Dialogue(["tcp://h:1"], RetryPolicy.never(), connect_timeout=1, jitter=lambda: 0, prefix="t")
    it.connection(Connection.MADE, 0, 0)
    it.open(1, Call("/a/b", b"", 100, **more), 0)
    outgoing = it.next_to_send(0)
    assert outgoing is not None
    it.sent(outgoing)
    it._keys = {call_id: 1}
    it._entries[1].id = call_id
    return it


def test_a_detection_is_heard_as_recorded() -> None:
    answer, cancelled = lines("detect-json", "broker>client")
    (effect,) = opened("7").received(parse(answer), 0, 1)
    assert isinstance(effect, Ended)
    found = queries.result(effect.response)
    assert [(each.label, each.score, each.box.patches) for each in found] == [("red square", 0.875, (0, 1007))]
    assert found.raw == json.loads(answer[3])
    (effect,) = opened("8").received(parse(cancelled), 0, 1)
    assert isinstance(effect, Ended)
    assert effect.response.status.code is boxwood.Code.CANCELLED


def test_a_stream_is_heard_as_recorded() -> None:
    event, answer = lines("detect-stream-json", "broker>client")
    it, reading = opened("9", event_window=1), EntityReading()
    (told,) = it.received(parse(event), 0, 1)
    assert isinstance(told, Told)
    (ended,) = it.received(parse(answer), 0, 1)
    assert isinstance(ended, Ended)
    events = [*reading.event(told.event), *reading.end(ended.response)]
    assert reading.result is not None
    # The second was left out, and is told from the result.
    assert "".join(each.caption for each in events) == reading.result.caption == "red disc, blue square"
    assert tuple(each.entity for each in events) == reading.result.entities


def test_a_watch_is_heard_as_recorded() -> None:
    it = opened("w", is_watch=True)
    effects = [effect for frames in lines("health-watch-json", "broker>client") for effect in it.received(parse(frames), 0, 1)]
    told = [json.loads(effect.event.body)["status"] for effect in effects if isinstance(effect, Told)]
    assert told == ["NOT_SERVING", "SERVING"]
    assert isinstance(effects[-1], Ended)


@pytest.mark.parametrize("name", ["invalid-arguments", "refusals"])
def test_every_refusal_is_an_error_with_its_code(name: str) -> None:
    for frames in lines(name, "broker>client"):
        if not frames[2].startswith(b"{"):
            continue
        status = json.loads(frames[2])["status"]
        response = parse(frames)
        assert isinstance(response, Response)
        (effect,) = opened(response.id).received(response, 0, 1)
        assert isinstance(effect, Ended)
        with pytest.raises(boxwood.BoxwoodError) as caught:
            queries.discovery().outcome(effect.response)
        assert caught.value.code.name == status["code"]
        assert caught.value.message == status["message"]
        assert not caught.value.retryable


def test_violations_are_told_as_recorded() -> None:
    response = parse(lines("invalid-arguments", "broker>client")[1])
    assert isinstance(response, Response)
    assert response.status.details.violations == (boxwood.Violation("labels[1]", "is empty"),)


@pytest.mark.parametrize("name", ["detect-protobuf", "health-watch-protobuf"])
def test_the_binary_form_that_nobody_asked_for_is_no_message(name: str) -> None:
    for frames in lines(name, "broker>client"):
        with pytest.raises(Malformed):
            parse(frames)
